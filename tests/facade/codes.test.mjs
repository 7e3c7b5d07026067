// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

const [codes] = read('pkg-template/src/error-codes.ts').split('AuthErrorPhase');
const declared = all(codes, /^ {2}\| '(\w+)'/gm);

test('the codes are those of the engine, of the facade and of the vault', () => {
  const rust = all(read('src/error.rs'), /^ +\w+ = "(\w+)", \w+, (?:true|false), /gm);
  const facade = all(read('pkg-template/src/errors.ts'), /^ {2}(\w+): \[/gm);
  const monitor = all(read('pkg-template/src/monitor.ts'), /const code = '(\w+)'/g);
  const vault = all(read('pkg-template/src/vault/errors.ts') + read('pkg-template/src/protocol.ts'), /^ {2}(?:code: ')?(vault_\w+)(?:: |',\n)/gm);
  assert.ok(rust.length > 50 && facade.length > 5 && monitor.length === 1 && vault.length === 4);
  assert.deepEqual([...new Set([...rust, ...facade, ...monitor, ...vault])].sort(), [...declared].sort());
});

test('rows that both tables have are the same', () => {
  const hints = (text, pattern) => new Map([...text.matchAll(pattern)].map((match) => [match[1], match[2]]));
  const rust = hints(read('src/error.rs'), /"(\w+)", \w+, (?:true|false), "([^"]*)"/g);
  const facade = hints(read('pkg-template/src/errors.ts'), /^ {2}(\w+): \['\w+', '([^']*)'\]/gm);
  const shared = [...facade.keys()].filter((code) => rust.has(code));
  assert.ok(shared.length >= 4);
  for (const code of shared) assert.equal(facade.get(code), rust.get(code), code);
});

test('the README explains every code', () => {
  const [, errors] = read('pkg-template/README.md').split('| code | when |');
  const readme = all(errors, /^\| `(\w+)` \|/gm);
  assert.deepEqual([...readme].sort(), [...declared].sort());
});
