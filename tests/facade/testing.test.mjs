// How to run: see support.mjs. The client that apps test with, held against what the real one does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, beforeEach, test } from 'node:test';
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import { codeOf, load, makeClient, openPage, placeGenerated, settled } from './support.mjs';

before(() => placeGenerated());
beforeEach(() => {
  delete globalThis.location;
});

const make = async (options) => (await load('testing')).createTestClient(options);
const ada = { sub: 'ada', name: 'Ada' };

/** What listeners of a client hear. */
const listen = (client) => {
  const heard = [];
  client.subscribe((session) => heard.push(session.status));
  for (const type of ['signed-in', 'renewed', 'renewal-failed', 'signed-out', 'session-expired', 'elsewhere']) {
    client.on(type, ({ error, hint }) => heard.push([type, error?.code ?? hint ?? null]));
  }
  return heard;
};

test('has what the real client has', async () => {
  openPage();
  const { client } = await makeClient();
  const fake = await make();
  const members = (of) => Reflect.ownKeys(of).filter((key) => key !== 'controls');
  assert.deepEqual(new Set(members(fake)), new Set(members(client)));
  assert.deepEqual(Object.keys(fake.session), Object.keys(client.session));
  assert.deepEqual(fake.session, client.session);
  await client.dispose();
});

test('its errors say of retrying what those of the real one say', async () => {
  const { testError } = await load('testing');
  const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const rust = [...read('src/error.rs').matchAll(/"(\w+)", \w+, (true|false), /g)].map(([, code, is]) => [code, is === 'true']);
  assert.ok(rust.length > 50);
  const own = read('pkg-template/src/errors.ts').match(/const table[^]*?\n};/)[0];
  const facade = [...own.matchAll(/^ {2}(\w+): \['\w+'(, true)?\],$/gm)].map(([, code, is]) => [code, is !== undefined]);
  assert.ok(facade.length > 8);
  for (const [code, retryable] of [...rust, ...facade]) assert.equal(testError(code).retryable, retryable, code);
});

test('somebody signs in, is renewed, loses the network, expires, signs out', async () => {
  let made = 0;
  const auth = await make({ token: () => `T${(made += 1)}`, scope: 'openid api', session: { vault: 'worker', persistence: 'sealed' } });
  const heard = listen(auth);
  assert.equal(auth.session.status, 'signed-out');
  assert.equal(await codeOf(auth.getToken()), 'login_required');
  auth.controls.signIn(ada);
  await settled();
  assert.deepEqual([auth.session.claims, auth.session.scope], [ada, 'openid api']);
  assert.deepEqual([auth.session.vault, auth.session.persistence], ['worker', 'sealed']);
  assert.ok(Object.isFrozen(auth.session) && auth.session.expiresAt > Date.now());
  assert.equal(await auth.getToken(), 'T1');
  assert.equal(await auth.getToken({ fresh: true }), 'T2');
  assert.equal(auth.session.claims, (await auth.userinfo()));
  auth.controls.loseNetwork();
  await settled();
  assert.equal(await codeOf(auth.getToken()), 'network_failed');
  assert.deepEqual([auth.session.status, auth.session.renewal], ['expired', 'waiting-for-network']);
  auth.controls.renew();
  await settled();
  assert.equal(await auth.getToken(), 'T3');
  auth.controls.elsewhere('signed-out');
  auth.controls.expire();
  await settled();
  assert.deepEqual([auth.session.status, auth.session.renewal, auth.session.claims], ['expired', 'ended', null]);
  auth.controls.signIn();
  await settled();
  await auth.logout();
  await settled();
  assert.deepEqual(heard, [
    'signed-in', ['signed-in', null], 'signed-in', ['renewed', null], 'expired', ['renewal-failed', 'network_failed'],
    'signed-in', ['renewed', null], 'expired', ['elsewhere', 'signed-out'], ['session-expired', 'session_ended'],
    'signed-in', ['signed-in', null], 'signed-out', ['signed-out', null],
  ]);
});

test('logins: the user of the options, or nobody', async () => {
  const auth = await make({ user: ada });
  let after = false;
  void auth.login({ returnTo: '/me' }).then(() => (after = true));
  await settled();
  assert.equal(auth.session.claims.sub, 'ada');
  assert.equal(after, false, 'the page would have been left');
  assert.equal((await auth.login({ mode: 'popup' })).claims.sub, 'ada');
  assert.equal((await auth.loginSilently()).status, 'signed-in');
  const nobody = await make({ user: null });
  assert.equal(await nobody.loginSilently(), null);
  void nobody.login();
  await settled();
  assert.equal(nobody.session.status, 'signing-in');
  assert.deepEqual(auth.controls.calls.map(({ method, args }) => [method, ...args]), [
    ['login', { returnTo: '/me' }], ['login', { mode: 'popup' }], ['loginSilently'],
  ]);
});

test('fetch answers as the test says, with the token, and without a network', async () => {
  const asked = [];
  const auth = await make({
    claims: ada,
    respond: async (request) => {
      asked.push([request.method, request.url, request.headers.get('authorization'), await request.text()]);
      return Response.json({ ok: true }, { status: 201 });
    },
  });
  const { fetch } = auth;
  const answer = await fetch('https://api.example/v1', { method: 'POST', body: 'x' });
  assert.deepEqual([answer.status, await answer.json()], [201, { ok: true }]);
  assert.deepEqual(asked, [['POST', 'https://api.example/v1', 'Bearer test-token', 'x']]);
  await auth.revoke();
  assert.equal(await codeOf(fetch('https://api.example/v1')), 'login_required');
  assert.equal(await codeOf(auth.revoke()), 'login_required');
  const silent = await make({ claims: ada });
  const error = await silent.fetch(new Request('https://api.example/v1')).catch((e) => e);
  assert.deepEqual([error.code, error.path], ['api_not_allowed', 'https://api.example']);
});

test('a token is exchanged for another while somebody is signed in, or one of the app\'s own at any time', async () => {
  const auth = await make();
  assert.equal(await codeOf(auth.exchangeToken()), 'login_required');
  assert.equal((await auth.exchangeToken({ subjectToken: 'x', subjectTokenType: 'urn:x' })).token, 'exchanged-token');
  auth.controls.signIn();
  const { tokenType, scope } = await auth.exchangeToken({ scope: 'read' });
  assert.deepEqual([tokenType, scope], ['Bearer', 'read']);
  assert.equal(await codeOf((await make({ exposeAccessToken: false })).exchangeToken()), 'token_hidden');
});

test('a login by another device shows a code and signs the user in', async () => {
  const auth = await make({ user: { sub: '7' } });
  let shown;
  const session = await auth.loginWithDevice({ onCode: (code) => { shown = code; } });
  assert.equal(shown.userCode, 'TEST-CODE');
  assert.equal(session.claims.sub, '7');
});

test('a call fails once when it is told to', async () => {
  const { isAuthError } = await load('errors');
  const auth = await make({ claims: ada });
  auth.controls.fail('getToken', 'server_unavailable', { status: 503 });
  auth.controls.fail('logout', 'network_failed');
  const error = await auth.getToken().catch((e) => e);
  assert.ok(isAuthError(error) && error.retryable);
  assert.deepEqual([error.code, error.status], ['server_unavailable', 503]);
  assert.equal(await auth.getToken(), 'test-token');
  assert.equal(await codeOf(auth.logout()), 'network_failed');
  assert.equal(auth.session.status, 'signed-in');
  assert.equal(await codeOf(auth.getToken({ signal: AbortSignal.abort() })), 'aborted');
  assert.equal(await codeOf((await make({ claims: ada, exposeAccessToken: false })).getToken()), 'token_hidden');
  const heard = listen(auth);
  await auth.dispose();
  await settled();
  assert.deepEqual(heard, []);
  assert.equal(await codeOf(auth.getToken()), 'client_disposed');
});

test('works with the adapters', async () => {
  globalThis.location = { href: 'https://app.example/', pathname: '/', search: '', hash: '' };
  const { createSource } = await load('source');
  const auth = await make({ claims: ada });
  const source = createSource(auth);
  await source.ready();
  assert.equal(source.state().isSignedIn, true);
  auth.controls.expire('session_expired');
  await settled();
  assert.deepEqual([source.state().isSignedIn, source.state().error.code], [false, 'session_expired']);
  const { AuthProvider, useAuth } = await load('react');
  const page = h(AuthProvider, { client: auth }, h(() => useAuth().status));
  assert.equal(renderToString(page), 'loading', 'on a server everything is');
  const { createAuth } = await load('vue');
  const vue = createAuth(auth);
  await vue.ready();
  auth.controls.signIn(ada);
  await settled();
  assert.equal(vue.claims.value.name, 'Ada');
});
