// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { codeOf, FakeCore, load, modules, openPage, placeGenerated } from './support.mjs';

before(() => placeGenerated());
beforeEach(() => {
  delete globalThis.location;
  globalThis.TestCore = FakeCore;
});

test('importing does nothing, and a client is refused outside of a browser', async () => {
  const known = new Set(Reflect.ownKeys(globalThis));
  const { createClient, isAuthError } = await load('index');
  assert.deepEqual(Reflect.ownKeys(globalThis).filter((key) => !known.has(key)), []);
  const error = await createClient({ issuer: 'https://id.example', clientId: 'spa' }).catch((e) => e);
  assert.ok(isAuthError(error));
  assert.equal(error.code, 'environment_unsupported');
  await load('slim');
});

// Before it is loaded for the others.
test('an engine that does not load is named, and loading is tried again', async (t) => {
  openPage();
  const { createClient } = await load('index');
  const { compile } = WebAssembly;
  t.after(() => {
    WebAssembly.compile = compile;
  });
  WebAssembly.compile = async () => {
    throw new WebAssembly.CompileError('refused by the CSP');
  };
  const error = await createClient({ issuer: 'https://id.example', clientId: 'again' }).catch((e) => e);
  assert.equal(error.code, 'engine_load_failed');
  assert.match(error.hint, /'wasm-unsafe-eval'/);
  assert.match(error.cause.message, /CSP/);
  WebAssembly.compile = compile;
  await createClient({ issuer: 'https://id.example', clientId: 'again' });
});

test('the inlined module is decoded and compiled, once, the whole one only for options that need it', async (t) => {
  openPage();
  const { createClient } = await load('index');
  const { compile } = WebAssembly;
  t.after(() => {
    WebAssembly.compile = compile;
  });
  const compiled = [];
  WebAssembly.compile = (bytes) => {
    compiled.push(Object.keys(modules).find((name) => Buffer.from(modules[name]).equals(bytes)));
    return compile(bytes);
  };
  const open = async (clientId, options) => {
    const client = await createClient({ issuer: 'https://id.example', clientId, ...options });
    assert.equal(client.session.status, 'signed-out');
  };
  await open('inline-1', { repairs: ['form-answer'] });
  assert.deepEqual(compiled, ['inline']);
  await open('inline-2', { provider: { engine: 'whole' } });
  assert.deepEqual(compiled, ['inline']);
});

test('of options, few need the whole module', async () => {
  const { needsWhole } = await load('whole');
  for (const options of [{ persistence: 'sealed' }, { dpop: 'preferred' }, { repairs: ['scope-list'] }, { engine: 'whole' }]) assert.ok(needsWhole(options));
  for (const options of [{}, { persistence: 'memory' }, { dpop: 'off' }, { repairs: [] }, { engine: 'auto' }, { scope: 'openid' }]) assert.ok(!needsWhole(options));
});

test('slim takes the module from anywhere', async () => {
  openPage();
  const { createClient } = await load('slim');
  const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  globalThis.fetch = async (url) =>
    String(url).endsWith('.wasm') ? new Response(bytes) : new Response('<html>', { status: 404 });
  const sources = [
    'https://app.example/tokenward.wasm',
    new URL('https://app.example/tokenward.wasm'),
    new Response(bytes),
    Promise.resolve(new Response(bytes)),
    bytes,
    bytes.buffer,
    new WebAssembly.Module(bytes),
  ];
  for (const [i, source] of sources.entries()) {
    await createClient({ issuer: 'https://id.example', clientId: `slim-${i}` }, source);
  }
  const code = codeOf(createClient({ issuer: 'https://id.example', clientId: 'slim-404' }, 'https://app.example/x'));
  assert.equal(await code, 'engine_load_failed');
});

test('an error is recognised across copies of the package', async () => {
  const { AuthError, isAuthError } = await load('errors');
  const other = await load('errors', '?copy');
  const error = new other.AuthError({
    code: 'aborted', phase: 'session', retryable: false, message: 'aborted', hint: 'Nothing.',
  });
  assert.ok(!(error instanceof AuthError));
  assert.ok(isAuthError(error));
  for (const value of [null, undefined, 'text', new Error('x'), {}]) assert.ok(!isAuthError(value));
});

test('a client is disposed of by `await using` where the host knows it', { skip: !Symbol.asyncDispose }, async () => {
  openPage();
  const { createClient } = await load('index');
  const client = await createClient({ issuer: 'https://id.example', clientId: 'using' });
  await client[Symbol.asyncDispose]();
  assert.equal(await codeOf(client.getToken()), 'client_disposed');
});
