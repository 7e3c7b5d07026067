// The client whose vault is a worker, against the real server. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { codeOf, load, openPage, record, settled } from './support.mjs';
import { makeVault, makeVaultClient, OPTIONS, ORIGIN, quiet, until } from './vault-support.mjs';

let page;
beforeEach(() => {
  page = openPage(`${ORIGIN}/`);
  globalThis.document = { hidden: false };
});
afterEach(() => {
  delete globalThis.SharedWorker;
  mock.timers.reset();
});

const inPage = async () => {
  const { inPage: make } = await load('in-page');
  const { FakeCore } = await import('./support.mjs');
  return make(async (...args) => new FakeCore(...args));
};

/** A worker in which nothing runs. */
const dead = () => ({ postMessage() {}, addEventListener() {}, terminate() { this.ended = true; } });

test('session.vault says where the tokens are, before and after anything happens', async () => {
  for (const [shared, kind] of [[true, 'shared-worker'], [false, 'worker']]) {
    const vault = await makeVault({ shared });
    const client = await makeVaultClient(vault);
    assert.equal(client.session.vault, kind);
    vault.core.host.session(record());
    await until('signed in', () => client.session.status === 'signed-in');
    assert.equal(client.session.vault, kind);
    await client.dispose();
    assert.equal(client.session.vault, kind);
  }
  const { open } = await load('client');
  const client = await open({ issuer: 'https://id.example', clientId: 'in the page' }, await inPage());
  assert.equal(client.session.vault, 'page');
});

test('a new page is signed in with its first task', async () => {
  const vault = await makeVault({ prepare: (core) => core.host.session(record()) });
  const client = await makeVaultClient(vault);
  assert.equal(client.session.status, 'signed-in');
  assert.ok(Object.isFrozen(client.session) && Object.isFrozen(client.session.claims.address));
});

test('a token is asked for once, and again when it is no more', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  const { core } = vault;
  core.answers.getToken = () => ({ token: 'T1', serial: 1 });
  core.giveToken('T1', 1);
  assert.equal(await client.getToken(), 'T1');
  assert.equal(await client.getToken(), 'T1');
  assert.equal(core.count('getToken'), 1);
  core.giveToken('T2', 2);
  core.answers.getToken = () => ({ token: 'T2', serial: 2 });
  await quiet();
  assert.equal(await client.getToken(), 'T2');
  assert.equal(core.count('getToken'), 2);
});

test('logout in one page is logout in all, tokens included', async () => {
  const vault = await makeVault({ prepare: (core) => core.host.session(record()) });
  const one = await makeVaultClient(vault, { clientId: 'all' });
  const { open } = await load('client', '?tab=2');
  const two = await open({ ...OPTIONS, clientId: 'all', vault: vault.worker() }, await inPage());
  assert.notEqual(one, two);
  assert.equal(vault.cores.length, 1);
  const { core } = vault;
  core.answers.getToken = () => ({ token: 'T1', serial: 1 });
  core.giveToken('T1', 1);
  assert.equal(await two.getToken(), 'T1');
  const heard = [];
  two.on('signed-out', () => heard.push(two.session.status));
  core.answers.logout = () => {
    core.host.token(undefined, 0, NaN, 0, 0);
    core.host.session(record({ status: 'signed-out', claims: null }));
    core.host.event('signed-out', undefined);
    core.answers.getToken = () => undefined;
    return { url: null };
  };
  await one.logout();
  await until('the other tab knows', () => heard.length === 1);
  assert.deepEqual(heard, ['signed-out']);
  const asked = core.count('getToken');
  void codeOf(two.getToken());
  await until('it must ask', () => core.count('getToken') === asked + 1);
});

test('exposeAccessToken: false is refused in the page too, whatever the vault is', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault, { exposeAccessToken: false });
  assert.equal(await codeOf(client.getToken()), 'token_hidden');
  assert.equal(await codeOf(client.getToken({ fresh: true })), 'token_hidden');
  const { open } = await load('client');
  const own = await open({ ...OPTIONS, clientId: 'hidden', exposeAccessToken: false }, await inPage());
  assert.equal(await codeOf(own.getToken()), 'token_hidden');
  const wrong = open({ ...OPTIONS, clientId: 'hidden', exposeAccessToken: 'no' }, await inPage());
  assert.equal(await codeOf(wrong), 'option_invalid');
});

test('what is no vault is a wrong option', async () => {
  const { open } = await load('client');
  for (const vault of [5, 'worker', {}, [], true]) {
    const error = await open({ ...OPTIONS, clientId: 'wrong', vault }, await inPage()).catch((caught) => caught);
    assert.deepEqual([error.code, error.path], ['option_invalid', 'vault'], String(vault));
  }
  await open({ ...OPTIONS, clientId: 'wrong', vault: undefined }, await inPage());
  Object.prototype.vault = 5;
  try {
    await open({ ...OPTIONS, clientId: 'inherited' }, await inPage());
  } finally {
    delete Object.prototype.vault;
  }
});

test('a worker that does not answer is named', async () => {
  const { open } = await load('client');
  mock.timers.enable({ apis: ['setTimeout'] });
  const opening = codeOf(open({ ...OPTIONS, clientId: 'dead', vault: dead() }, await inPage()));
  await quiet();
  mock.timers.tick(10_000);
  assert.equal(await opening, 'vault_unavailable');
  mock.timers.reset();

  // One that cannot be loaded says so.
  const broken = dead();
  broken.addEventListener = (type, listener) => type === 'error' && queueMicrotask(listener);
  assert.equal(await codeOf(open({ ...OPTIONS, clientId: 'broken', vault: broken }, await inPage())), 'vault_unavailable');
});

test('a function: shared, then dedicated, then the page', async () => {
  const { open } = await load('client');
  const shared = await makeVault();
  const dedicated = await makeVault({ shared: false });
  let name = 0;
  const openWith = async (vault) => (await open({ ...OPTIONS, clientId: `fallback ${++name}`, vault }, await inPage())).session.vault;
  const asked = [];
  const note = (make) => (kind) => {
    asked.push(kind);
    return make(kind);
  };

  assert.equal(await openWith(note(() => dedicated.worker())), 'worker');
  assert.deepEqual(asked.splice(0), ['dedicated'], 'no SharedWorker here');
  globalThis.SharedWorker = class {};
  assert.equal(await openWith(note(() => shared.worker())), 'shared-worker');
  assert.deepEqual(asked.splice(0), ['shared']);
  // A vault has one configuration.
  const other = await makeVault({ shared: false });
  assert.equal(await openWith(note((kind) => (kind === 'shared' ? undefined : other.worker()))), 'worker');
  assert.deepEqual(asked.splice(0), ['shared', 'dedicated']);
  assert.equal(await openWith(note(() => { throw new Error('refused by the CSP'); })), 'page');
  assert.deepEqual(asked.splice(0), ['shared', 'dedicated']);
  assert.equal(await codeOf(openWith(note(() => shared.worker()))), 'vault_mismatch');
  assert.deepEqual(asked.splice(0), ['shared'], 'a refusal is an answer');

  mock.timers.enable({ apis: ['setTimeout'] });
  const workers = [dead(), dead()];
  const falling = openWith(note((kind) => workers[kind === 'shared' ? 0 : 1]));
  for (let i = 0; i < 2; i++) {
    await until('it is asked', () => asked.length === i + 1);
    await quiet();
    mock.timers.tick(10_000);
  }
  assert.equal(await falling, 'page');
  assert.ok(workers[1].ended, 'nobody needs it any more');
});

test('equal options are one client, and the second worker is not asked', async () => {
  const vault = await makeVault();
  const options = { clientId: 'twice' };
  const [one, two] = await Promise.all([makeVaultClient(vault, options), makeVaultClient(vault, options)]);
  assert.equal(one, two);
});

test('a page that was dropped heals: what was pending fails, what comes later works', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  const { core } = vault;
  core.answers.userinfo = () => undefined;
  const lost = client.userinfo().catch((error) => error);
  await until('it is pending', () => core.count('userinfo') === 1);
  // As the vault does with pages that answer no ping: they are asleep, and the message waits for them.
  vault.drop();
  const error = await lost;
  assert.deepEqual([error.code, error.retryable], ['vault_unavailable', true]);
  core.answers.userinfo = () => ({ sub: 'ada' });
  assert.deepEqual(await client.userinfo(), { sub: 'ada' });
  core.host.session(record());
  await until('it hears', () => client.session.status === 'signed-in');
});

test('the page says what a worker cannot see', async () => {
  const vault = await makeVault();
  await makeVaultClient(vault);
  dispatch('online');
  dispatch('visibilitychange');
  dispatch('pageshow', { persisted: true });
  dispatch('pageshow', { persisted: false });
  document.hidden = true;
  dispatch('visibilitychange');
  await quiet();
  assert.deepEqual(vault.woken, ['online', 'shown', 'restored']);
});

const dispatch = (type, over) => globalThis.dispatchEvent(Object.assign(new Event(type), over));

test('a page that comes back forgets its token until the vault has answered', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  vault.core.answers.getToken = () => ({ token: 'T1', serial: 1 });
  vault.core.giveToken('T1', 1);
  await client.getToken();
  dispatch('pageshow', { persisted: true });
  vault.core.answers.getToken = () => ({ token: 'T2', serial: 2 });
  assert.equal(await client.getToken(), 'T2');
});

test('a vault that dies is noticed while somebody waits, and every promise settles', async () => {
  const vault = await makeVault();
  const real = vault.worker();
  let alive = true;
  // Before the client is made: it begins to count at its welcome.
  mock.timers.enable({ apis: ['setTimeout'] });
  const client = await makeVaultClient(vault, { vault: { ...real, port: { postMessage: (...given) => alive && real.port.postMessage(...given) } } });
  alive = false;
  vault.deafen();
  const waiting = codeOf(client.userinfo());
  for (let i = 0; i < 6; i++) {
    await quiet();
    mock.timers.tick(5000);
  }
  assert.equal(await waiting, 'vault_unavailable');
  await quiet();
  mock.timers.tick(10_000);
  await quiet();
  assert.equal(await codeOf(client.getToken()), 'vault_unavailable');
  assert.equal(client.session.status, 'signed-out');
  assert.equal(client.session.lastError.code, 'vault_unavailable');
});

test('an engine that fails in the vault: engine_failed, and a new client works', async () => {
  const vault = await makeVault();
  const options = { clientId: 'trap' };
  const client = await makeVaultClient(vault, options);
  vault.core.host.poison(new Error('trap'));
  await until('it is known', () => client.session.lastError?.code === 'engine_failed');
  assert.equal(await codeOf(client.getToken()), 'engine_failed');
  const next = await makeVaultClient(vault, options);
  assert.notEqual(next, client);
  assert.equal(vault.cores.length, 2);
});

test('dispose tells the vault, and nothing more is heard', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  const pending = codeOf(client.userinfo());
  await quiet();
  await client.dispose();
  assert.equal(await pending, 'client_disposed');
  await until('the engine is gone', () => vault.core.disposed === 1);
  dispatch('online');
  await settled();
  assert.deepEqual(vault.woken, []);
});

test('an abort settles at once, whatever the vault does', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  const gone = new AbortController();
  const waiting = client.getToken({ signal: gone.signal }).catch((error) => error);
  await until('it waits', () => vault.core.count('getToken') === 1);
  gone.abort(new Error('enough'));
  const error = await waiting;
  assert.deepEqual([error.code, error.cause.message], ['aborted', 'enough']);
  await until('the engine knows', () => vault.core.cancelled.length === 1);
});

test('the URL of a callback is cleaned by the page', async () => {
  const vault = await makeVault({
    prepare: (core) => {
      core.answers.handleRedirect = ({ url }) => {
        if (!url.includes('code=')) return null;
        core.host.cleanUrl(`${ORIGIN}/`);
        core.host.session(record());
        return { returnTo: '/inside' };
      };
    },
  });
  page = openPage(`${ORIGIN}/?code=1&state=2`);
  const { open } = await load('client');
  const client = await open({ ...OPTIONS, clientId: 'callback', vault: vault.worker() }, await inPage());
  assert.equal(client.session.status, 'signed-in');
  assert.deepEqual(page.shown, [`${ORIGIN}/`, `${ORIGIN}/inside`]);
});
