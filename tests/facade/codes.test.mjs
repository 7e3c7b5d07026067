// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './support.mjs';

const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const all = (text, pattern) => [...text.matchAll(pattern)].map((match) => match[1]);

const [codes] = read('pkg-template/src/error-codes.ts').split('AuthErrorPhase');
const declared = all(codes, /^ {2}\| '(\w+)'/gm);

const table = read('src/error.rs');
const rows = (pattern) => [...table.matchAll(pattern)].map(([, code, phase, retryable, hint]) => ({ code, phase, retryable: retryable === 'true', hint }));
const engine = rows(/^ +\w+ = "(\w+)", (\w+), (true|false), "((?:[^"\\]|\\.)*)";/gm);
const outside = rows(/^ +\(\s*"(\w+)",\s*"(\w+)",\s*(true|false),\s*"([^"]*)",?\s*\),/gm);

test('the one table has the codes, and the part that is loaded has its hints', async () => {
  assert.ok(engine.length > 50 && outside.length > 10);
  const all = [...engine, ...outside];
  assert.deepEqual(all.map(({ code }) => code).sort(), [...declared].sort());
  const { hints } = await load('hint-table');
  assert.deepEqual(hints, Object.fromEntries(all.map(({ code, hint }) => [code, hint])));
});

test('what every page has is of the same table', async () => {
  const { hints } = await load('hint-table');
  const { atHand } = await load('hints-at-hand');
  for (const code of ['aborted', 'network_failed', 'timed_out', 'server_unavailable', 'login_required', 'interaction_required', 'client_disposed']) {
    assert.ok(code in atHand, code);
  }
  assert.ok(Object.keys(atHand).length < 12);
  for (const [code, hint] of Object.entries(atHand)) assert.equal(hint, hints[code], code);
});

test('what the facade says of its own errors is what the table says', async () => {
  const { describe } = await load('errors');
  const [own] = read('pkg-template/src/errors.ts').match(/const table[^]*?\n};/);
  const codes = all(own, /^ {2}(\w+): \[/gm);
  assert.ok(codes.length > 8);
  for (const code of codes) {
    const { phase, retryable } = [...engine, ...outside].find((row) => row.code === code);
    assert.deepEqual(describe(code), { code, phase: phase.toLowerCase(), retryable });
  }
  const { unavailable } = await load('protocol');
  const { refusal } = await load('vault/errors');
  for (const record of [unavailable, ...['vault_mismatch', 'vault_version', 'vault_message'].map((code) => refusal(code))]) {
    const { code, phase, retryable } = outside.find((row) => row.code === record.code);
    assert.deepEqual(record, { code, phase, retryable });
  }
});

test('the README explains every code', () => {
  const [, errors] = read('pkg-template/README.md').split('| code | when |');
  const readme = all(errors, /^\| `(\w+)` \|/gm);
  assert.deepEqual([...readme].sort(), [...declared].sort());
});
