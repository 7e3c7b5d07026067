// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { load, makeClient, openPage } from './support.mjs';

beforeEach(() => void openPage());

const { plain } = await load('options');
const pathOf = (value) => {
  try {
    plain(value);
    return 'fine';
  } catch (error) {
    return `${error.code} ${error.path}`;
  }
};

test('J10: only own members are options, also nested', async (t) => {
  t.after(() => {
    delete Object.prototype.tokenEndpoint;
  });
  Object.prototype.tokenEndpoint = 'https://evil.test/';
  const { core } = await makeClient({ metadata: { jwks_uri: 'j' } });
  assert.equal(Object.getPrototypeOf(core.options), null);
  assert.equal(Object.getPrototypeOf(core.options.metadata), null);
  assert.equal(core.options.tokenEndpoint, undefined);
  assert.equal(core.options.metadata.tokenEndpoint, undefined);
  assert.ok(!('scope' in plain(Object.create(null))));
  assert.deepEqual(Object.keys(plain(JSON.parse('{"__proto__":{"a":1}}'))), ['__proto__']);
});

test('J10: every getter is read exactly once', () => {
  const reads = {};
  const counted = (name, value) => ({
    enumerable: true,
    get: () => {
      reads[name] = (reads[name] ?? 0) + 1;
      return reads[name] === 1 ? value : 'changed';
    },
  });
  const nested = Object.defineProperties({}, { a: counted('a', 1) });
  const list = Object.defineProperties([], { 0: counted('0', 'x') });
  const copy = plain(Object.defineProperties({}, { nested: counted('nested', nested), list: counted('list', list) }));
  assert.equal(copy.nested.a, 1);
  assert.deepEqual(copy.list, ['x']);
  assert.deepEqual(reads, { nested: 1, list: 1, a: 1, 0: 1 });
});

test('J10: what is not plain is refused with its path', () => {
  assert.equal(pathOf({ issuer: () => '' }), 'option_invalid issuer');
  assert.equal(pathOf({ extraParams: { a: Symbol('s') } }), 'option_invalid extraParams.a');
  assert.equal(pathOf({ resource: ['a', 1n] }), 'option_invalid resource[1]');
  assert.equal(pathOf({ redirectUri: new URL('https://app.example/') }), 'option_invalid redirectUri');
  assert.equal(pathOf({ metadata: new (class { issuer = 'x'; })() }), 'option_invalid metadata');
  assert.equal(pathOf([]), 'option_invalid options');
  assert.equal(pathOf('text'), 'option_invalid options');
  const ring = {};
  ring.ring = ring;
  assert.match(pathOf(ring), /^option_invalid ring\.ring/);
  assert.equal(pathOf({ a: null, b: undefined, c: [null], d: { e: 1 } }), 'fine');
  assert.ok(!('b' in plain({ b: undefined })));
});
