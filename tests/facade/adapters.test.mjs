// How to run: see support.mjs. Behaviour in a browser, StrictMode above all, is proven end to end.

import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import { createSSRApp } from 'vue';
import { codeOf, Fail, load, makeClient, openPage, placeGenerated, record, settled } from './support.mjs';

before(() => placeGenerated());
beforeEach(() => {
  openPage();
  delete globalThis.document;
});

const options = { issuer: 'https://id.example', clientId: 'adapter' };

test('React on a server: loading, and nothing is started', async () => {
  delete globalThis.location;
  const { AuthProvider, RequireAuth, useAuth } = await load('react');
  const Status = () => useAuth().status;
  const page = h(AuthProvider, { options }, h(Status), h(RequireAuth, { fallback: '|wait' }, '|secret'));
  assert.equal(renderToString(page).replaceAll('<!-- -->', ''), 'loading|wait');
});

test('React without a provider says what is missing', async () => {
  const { useAuth, useAccessToken } = await load('react');
  assert.throws(() => renderToString(h(() => useAuth().status)), /useAuth\(\) needs an <AuthProvider>/);
  assert.throws(() => renderToString(h(() => useAccessToken().token)), /useAccessToken\(\) needs an <AuthProvider>/);
});

test('the source follows its client and keeps the identity of its state', async () => {
  const { createSource } = await load('source');
  const { client, core } = await makeClient();
  for (const input of [client, Promise.resolve(client)]) {
    core.host.session(record());
    await settled();
    const source = createSource(input);
    let heard = 0;
    source.subscribe(() => (heard += 1));
    assert.equal(await source.ready(), client);
    assert.equal(source.state().isSignedIn, true);
    assert.equal(source.state(), source.state());
    heard = 0;
    core.host.session(record({ status: 'expired', renewal: 'waiting-for-network' }));
    await settled();
    assert.equal(source.state().isSignedIn, true);
    core.host.session(record({ status: 'expired', renewal: 'ended' }));
    await settled();
    assert.equal(source.state().isSignedIn, false);
    assert.equal(heard, 2);
  }
});

test('a client that cannot be made is a state, and the next action tries again', async () => {
  const { createSource } = await load('source');
  delete globalThis.location;
  const source = createSource(options);
  assert.equal(await codeOf(source.actions.getToken()), 'environment_unsupported');
  assert.equal(source.state().status, 'failed');
  assert.equal(source.state().error.code, 'environment_unsupported');
});

test('a login starts by itself only where it cannot loop', async () => {
  const { mayLogin } = await load('source');
  const state = (status, code) => ({ status, isSignedIn: false, error: code ? { code } : null });
  assert.ok(mayLogin(state('signed-out')));
  assert.ok(mayLogin(state('expired', 'session_expired')));
  assert.ok(mayLogin(state('signed-out', 'session_ended')));
  assert.ok(!mayLogin(state('signed-out', 'authorization_refused')));
  assert.ok(!mayLogin(state('signed-out', 'id_token_issued_at')));
  assert.ok(!mayLogin(state('loading')));
  assert.ok(!mayLogin(state('signing-in')));
  assert.ok(!mayLogin({ ...state('expired'), isSignedIn: true }));
});

test('Vue: helpful errors', async () => {
  const { useAuth } = await load('vue');
  assert.throws(useAuth, /in setup\(\) only/);
  assert.throws(() => createSSRApp({}).runWithContext(useAuth), /needs app\.use\(createAuth/);
});

const guarded = async (prepare, guardOptions) => {
  globalThis.document = {};
  const { createAuth, createAuthGuard, useAuth } = await load('vue');
  const { client, core } = await makeClient({}, prepare);
  const auth = createAuth(client);
  const app = createSSRApp({}).use(auth);
  assert.equal(app.runWithContext(useAuth), auth);
  const router = { resolve: (path) => ({ href: `/app${path}` }), options: { history: { base: '/app' } } };
  const go = createAuthGuard(auth, router, guardOptions);
  return { auth, core, go: (fullPath, requiresAuth) => go({ fullPath, meta: { requiresAuth } }) };
};

test('Vue: the guard lets pass whom it should', async () => {
  const { auth, core, go } = await guarded();
  assert.equal(await go('/', undefined), true);
  core.host.session(record());
  await settled();
  assert.equal(auth.isSignedIn.value, true);
  assert.equal(auth.claims.value.sub, 'ada');
  assert.equal(await go('/me', true), true);
});

test('Vue: the guard sends to the login, with the address to return to', async () => {
  const { core, go } = await guarded();
  go('/me?x=1', true).catch(() => {});
  await settled();
  assert.deepEqual({ ...core.calls.at(-1).args }, { returnTo: '/app/me?x=1' });
});

test('Vue: after a refused login the guard fails instead of going round', async () => {
  const { core, go } = await guarded((core) => {
    core.answers.handleRedirect = () => new Fail('authorization_refused', { phase: 'callback' });
  });
  assert.equal(await codeOf(go('/me', true)), 'authorization_refused');
  assert.equal(core.count('login'), 0);
});

test('Vue: the guard can show a page of the app instead', async () => {
  const { core, go } = await guarded(undefined, { onSignedOut: () => '/welcome', requires: (to) => to.fullPath === '/x' });
  assert.equal(await go('/x', undefined), '/welcome');
  assert.equal(await go('/y', true), true);
  assert.equal(core.count('login'), 0);
});

test('Vue: a router that read the address of the callback is sent to the clean one', async () => {
  globalThis.document = {};
  openPage('https://app.example/app/?code=c&state=s');
  const { createAuth, createAuthGuard } = await load('vue');
  const made = makeClient({}, (core) => {
    core.answers.handleRedirect = () => {
      core.host.cleanUrl('https://app.example/app/');
      core.host.session(record());
      return { returnTo: '/app/me' };
    };
  });
  const auth = createAuth(made.then(({ client }) => client));
  const router = { resolve: (path) => ({ href: path }), options: { history: { base: '/app' } } };
  const result = await createAuthGuard(auth, router)({ fullPath: '/?code=c&state=s', meta: {} });
  assert.deepEqual(result, { path: '/me', replace: true });
});
