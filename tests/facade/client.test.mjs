// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { codeOf, Fail, FakeCore, load, makeClient, openPage, record, settled, trouble } from './support.mjs';

let page;
beforeEach(() => {
  page = openPage();
});

const { inPage } = await load('in-page');

const options = (name) => ({ issuer: 'https://id.example', clientId: name });
const connectTo = (cores, prepare = () => {}) => inPage(async (...args) => {
  const core = new FakeCore(...args);
  prepare(core);
  cores.push(core);
  return core;
});

test('equal options share one client until it is disposed of', async () => {
  const { open } = await load('client');
  const cores = [];
  const [one, two] = await Promise.all([
    open({ ...options('shared'), metadata: { issuer: 'i', jwks_uri: 'j' } }, connectTo(cores)),
    open({ metadata: { jwks_uri: 'j', issuer: 'i' }, scope: undefined, ...options('shared') }, connectTo(cores)),
  ]);
  assert.equal(one, two);
  assert.equal(cores.length, 1);
  assert.equal(cores[0].count('handleRedirect'), 1);
  await one.dispose();
  const three = await open({ ...options('shared'), metadata: { issuer: 'i', jwks_uri: 'j' } }, connectTo(cores));
  assert.notEqual(three, one);
  assert.equal(cores.length, 2);
});

test('other options are another client', async () => {
  const { open } = await load('client');
  const cores = [];
  const one = await open(options('a'), connectTo(cores));
  const two = await open(options('b'), connectTo(cores));
  assert.notEqual(one, two);
});

test('a wrong option rejects, and the next call tries again', async () => {
  const { open } = await load('client');
  const refuse = async () => {
    throw trouble('option_unknown', { path: 'scpoe', phase: 'options' });
  };
  const error = await open(options('wrong'), refuse).catch((e) => e);
  assert.equal(error.code, 'option_unknown');
  assert.equal(error.path, 'scpoe');
  assert.ok((await load('errors')).isAuthError(error));
  await open(options('wrong'), connectTo([]));
});

test('facade options are checked and do not reach the engine', async () => {
  const { core } = await makeClient({ apis: ['https://api.example'], handleRedirect: false });
  assert.ok(!('apis' in core.options) && !('handleRedirect' in core.options));
  assert.equal(core.count('handleRedirect'), 0);
  assert.equal(await codeOf(makeClient({ handleRedirect: 'no' })), 'option_invalid');
});

test('a callback is finished and its returnTo shown', async () => {
  page = openPage('https://app.example/?code=c&state=s');
  const { client, core } = await makeClient({}, (core) => {
    core.answers.handleRedirect = () => {
      core.host.cleanUrl('https://app.example/');
      core.host.session(record());
      return { returnTo: '/deep?x=1' };
    };
  });
  assert.deepEqual(core.calls[0].args.url, 'https://app.example/?code=c&state=s');
  assert.equal(core.environment.pageUrl, 'https://app.example/?code=c&state=s');
  assert.equal(client.session.status, 'signed-in');
  assert.deepEqual(page.shown, ['https://app.example/', 'https://app.example/deep?x=1']);
});

test('a refused callback leaves a client that says why', async () => {
  const { client } = await makeClient({}, (core) => {
    core.answers.handleRedirect = () => new Fail('state_unknown', { phase: 'callback' });
  });
  assert.equal(client.session.status, 'signed-out');
  assert.equal(client.session.lastError.code, 'state_unknown');
});

test('handleRedirect by hand: twice at once is one redemption, with and without the URL', async () => {
  page = openPage('https://app.example/?code=c');
  const { client, core } = await makeClient({ handleRedirect: false });
  core.answers.handleRedirect = () => core.host.cleanUrl('https://app.example/');
  const results = [client.handleRedirect(), client.handleRedirect(), client.handleRedirect('https://app.example/?code=c')];
  assert.equal(core.count('handleRedirect'), 1);
  core.host.settle(core.calls[0].op, true, { returnTo: '/there' });
  for (const result of await Promise.all(results)) {
    assert.equal(result.returnTo, '/there');
    assert.equal(result.session, client.session);
  }
  assert.deepEqual(page.shown, ['https://app.example/']);
  core.answers.handleRedirect = () => new Fail('state_unknown');
  assert.equal(await codeOf(client.handleRedirect()), 'state_unknown');
});

test('an answer from elsewhere does not touch the address', async () => {
  const { client, core } = await makeClient({ handleRedirect: false });
  core.answers.handleRedirect = () => {
    core.host.cleanUrl('https://app.example/other');
    return { returnTo: null };
  };
  await client.handleRedirect('https://app.example/other?code=c');
  assert.deepEqual(page.shown, []);
});

test('login navigates once and settles only when the user comes back', async () => {
  const { client, core } = await makeClient();
  let state = 'open';
  const logins = [client.login({ returnTo: '/a' }), client.login({ returnTo: '/a' })];
  for (const login of logins) login.catch((error) => { state = error.code; });
  await settled();
  assert.equal(core.count('login'), 1);
  core.host.settle(core.calls.at(-1).op, true, { url: 'https://id.example/authorize' });
  await settled();
  assert.deepEqual(page.visited, ['https://id.example/authorize']);
  assert.equal(state, 'open');
  // A navigation the user stopped does not block the next attempt.
  client.login({ returnTo: '/a' }).catch(() => {});
  await settled();
  assert.equal(core.count('login'), 2);
  page.comeBack();
  await settled();
  assert.equal(state, 'aborted');
});

test('the claims request travels as text', async () => {
  const { client, core } = await makeClient();
  client.login({ claims: { id_token: { acr: { essential: true } } } }).catch(() => {});
  await settled();
  assert.equal(core.calls.at(-1).args.claims, '{"id_token":{"acr":{"essential":true}}}');
});

test('a login that begins during a logout does not turn the browser round', async () => {
  const { client, core } = await makeClient();
  core.answers.logout = () => ({ url: 'https://id.example/logout' });
  core.answers.login = () => ({ url: 'https://id.example/authorize' });
  client.logout().catch(() => {});
  client.login().catch(() => {});
  await settled();
  assert.deepEqual(page.visited, ['https://id.example/logout']);
});

test('logout resolves when the page is not left', async () => {
  const { client, core } = await makeClient();
  core.answers.logout = () => ({ url: null });
  assert.equal(await client.logout({ local: true }), undefined);
  assert.deepEqual({ ...core.calls.at(-1).args }, { local: true });
  core.answers.logout = (_args, op) => core.host.settle(op, true, undefined);
  assert.equal(await client.logout(), undefined);
  assert.deepEqual(page.visited, []);
});

test('a trap poisons: what is pending and what follows fails, a new client can be made', async () => {
  const { open } = await load('client');
  const cores = [];
  const client = await open(options('trap'), connectTo(cores));
  cores[0].host.session(record());
  cores[0].giveToken();
  const pending = client.userinfo();
  cores[0].answers.revoke = () => {
    throw new WebAssembly.RuntimeError('unreachable');
  };
  const sessions = [];
  client.subscribe((session) => sessions.push(session));
  assert.equal(await codeOf(client.revoke()), 'engine_failed');
  assert.equal(await codeOf(pending), 'engine_failed');
  assert.equal(await codeOf(client.getToken()), 'engine_failed');
  assert.equal(client.session.status, 'signed-out');
  assert.equal(client.session.lastError.code, 'engine_failed');
  await settled();
  assert.equal(sessions.at(-1), client.session);
  const calls = cores[0].calls.length;
  await client.dispose();
  assert.equal(cores[0].disposed, 0);
  assert.equal(cores[0].calls.length, calls);
  assert.notEqual(await open(options('trap'), connectTo(cores)), client);
});

test('a panic that no call brought poisons too, also while the engine is being made', async () => {
  const { open } = await load('client');
  const client = await makeClient();
  const pending = client.client.userinfo();
  client.core.host.poison('panicked');
  assert.equal(await codeOf(pending), 'engine_failed');
  const panics = async (_options, _environment, host) => {
    host.poison('panicked');
    throw new WebAssembly.RuntimeError('unreachable');
  };
  assert.equal(await codeOf(open(options('panic'), panics)), 'engine_failed');
});

test('dispose drops everything and tells nobody', async () => {
  const { client, core } = await makeClient();
  core.host.session(record());
  core.giveToken();
  await settled();
  const heard = [];
  client.subscribe((session) => heard.push(session));
  const pending = client.userinfo();
  await client.dispose();
  await client.dispose();
  assert.equal(await codeOf(pending), 'client_disposed');
  assert.equal(await codeOf(client.getToken()), 'client_disposed');
  assert.equal(await codeOf(client.login()), 'client_disposed');
  assert.equal(core.disposed, 1);
  core.host.session(record({ scope: 'late' }));
  core.giveToken('late');
  await settled();
  assert.equal(client.session.status, 'signed-out');
  assert.equal(await codeOf(client.getToken()), 'client_disposed');
  assert.deepEqual(heard, []);
});

test('no browser is an error of its own', async () => {
  const { open } = await load('client');
  delete globalThis.location;
  assert.equal(await codeOf(open(options('node'), connectTo([]))), 'environment_unsupported');
});
