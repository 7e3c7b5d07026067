// The page about other libraries is what the kept results say, and the results are of the versions that are installed.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isGood, NOT_RUN, PEER_ATTACKS } from './peers/judge.mjs';
import { OURS, PEERS } from './peers/libraries.mjs';
import { page } from './peers/page.mjs';

test('docs/peers-under-fire.md is made from the results', () => {
  assert.ok(readFileSync(new URL('../../docs/peers-under-fire.md', import.meta.url), 'utf8') === page(), 'old: cargo xtask hostile --peer NAME');
});

for (const { id, version } of PEERS) {
  const file = new URL(`peers/results/${id}.json`, import.meta.url);
  test(`the results of ${id} are of its version, and whole`, () => {
    assert.ok(existsSync(file));
    const kept = JSON.parse(readFileSync(file));
    if (id !== OURS) assert.equal(kept.version, version);
    const missing = PEER_ATTACKS.filter((attack) => !attack.ours)
      .filter(({ id: row, what, at }) => !kept.results.some((one) => one.id === row && one.what === what && one.at === at));
    assert.deepEqual(missing.map(({ id: row, what }) => `${row} ${what}`), []);
    assert.deepEqual(kept.results.filter(({ did }) => did === 'broke the run'), []);
  });
}

test('a refusal is good where it is asked for, and what could not run is neither', () => {
  assert.equal(isGood({ at: 'login', must: 'refuse' }, 'refuses'), true);
  assert.equal(isGood({ at: 'login', must: 'refuse' }, 'hangs'), false);
  assert.equal(isGood({ at: 'login', must: 'refuse', fine: ['accepts'] }, 'accepts'), true);
  assert.equal(isGood({ at: 'refresh', must: 'end' }, 'uses the answer'), false);
  assert.equal(isGood({ at: 'refresh', must: 'end' }, 'refuses, keeps what it had'), true);
  assert.equal(isGood({ at: 'login', must: 'accept' }, NOT_RUN), undefined);
});
