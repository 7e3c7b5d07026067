// What a vault answers to whatever comes through a port. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fail, record, trouble } from './support.mjs';
import { enter, knock, makeVault, OPTIONS, ORIGIN, quiet, until } from './vault-support.mjs';

const SECRET = 'AT-very-secret';

test('a page that says hello gets the session and is welcome', async () => {
  const vault = await makeVault({ prepare: (core) => core.host.session(record()) });
  const page = knock(vault);
  assert.deepEqual(await page.next('welcome'), ['welcome', 1]);
  assert.equal((await page.next('session'))[1].status, 'signed-in');
  assert.deepEqual({ ...vault.core.options }, { clientId: 'spa', issuer: 'https://id.example' });
  assert.equal(vault.core.environment.pageUrl, `${ORIGIN}/`);
});

test('J07: the first configuration wins, in any order of keys and from any page', async () => {
  const vault = await makeVault();
  await enter(vault);
  const { issuer, clientId, apis } = OPTIONS;
  await enter(vault, { options: { apis, clientId, issuer }, pageUrl: `${ORIGIN}/other?x=1` });
  assert.equal(vault.cores.length, 1);
  for (const other of [
    { ...OPTIONS, issuer: 'https://evil.example' },
    { ...OPTIONS, clientId: 'other' },
    { ...OPTIONS, metadata: { token_endpoint: 'https://evil.example/token' } },
    { ...OPTIONS, apis: ['https://evil.example'] },
    { ...OPTIONS, exposeAccessToken: true },
  ]) {
    const [, error] = await knock(vault, { options: other }).next('refuse');
    assert.equal(error.code, 'vault_mismatch');
    assert.equal(error.phase, 'vault');
  }
  assert.equal(vault.cores.length, 1);
});

test('J07: another version of the protocol is refused and configures nothing', async () => {
  const vault = await makeVault();
  for (const tokenward of [0, 2, 99]) {
    const [, error] = await knock(vault, { tokenward, options: { other: 1 }, more: 'of a later release' }).next('refuse');
    assert.equal(error.code, 'vault_version');
  }
  await enter(vault);
});

test('options that the engine refuses are no configuration', async () => {
  const vault = await makeVault({
    prepare: (core) => {
      if (core.options.clientId === 'wrong') throw trouble('option_invalid', { path: 'clientId' });
    },
  });
  const [, error] = await knock(vault, { options: { ...OPTIONS, clientId: 'wrong' } }).next('refuse');
  assert.deepEqual([error.code, error.path], ['option_invalid', 'clientId']);
  const [, apis] = await knock(vault, { options: { ...OPTIONS, apis: ['http://api.example'] } }).next('refuse');
  assert.deepEqual([apis.code, apis.path], ['option_invalid', 'apis[0]']);
  await enter(vault);
});

test('a hello that is none is refused', async () => {
  const vault = await makeVault();
  for (const wrong of [
    { pageUrl: 'https://evil.example/' },
    { pageUrl: 'app' },
    { pageUrl: `${ORIGIN}/${'x'.repeat(70_000)}` },
    { options: null },
    { options: [] },
    { options: { issuer: new Map() } },
    { options: { issuer: 'x'.repeat(70_000) } },
    { tokenEndpoint: 'https://evil.example/token' },
    { tokenward: '1' },
  ]) {
    const [, error] = await knock(vault, wrong).next('refuse');
    assert.equal(error.code, 'vault_message', JSON.stringify(wrong).slice(0, 80));
  }
  for (const nothing of [undefined, null, 1, 'hello', []]) vault.greet(nothing, []);
  assert.equal(vault.cores.length, 0);
});

test('J08: a message that does not exist is refused, and the session is as it was', async () => {
  const vault = await makeVault({ prepare: (core) => core.host.session(record()) });
  const page = await enter(vault);
  await page.next('session');
  const head = { url: 'https://api.example/v1', method: 'GET', headers: [], mode: 'cors', credentials: 'omit', cache: 'default' };
  const wrong = [
    undefined, null, 0, 'getToken', {}, [], { type: 'getRefreshToken' }, ['getRefreshToken'], ['refreshToken', 1], ['verifier'], ['key'],
    ['exportKey', 1], ['token'], ['session'], ['settle', 1, true, {}], ['keep', 1, 'load', 'x'], ['kept', 1, 'done', 'record'], ['configure', OPTIONS],
    ['tokenRequest', 'https://evil.example/token', { body: 'x' }], ['request', { url: 'https://evil.example' }],
    ['call'], ['call', 1], ['call', 1, 'getToken'], ['call', '1', 'getToken', undefined], ['call', -1, 'getToken', undefined],
    ['call', 1.5, 'getToken', undefined], ['call', 1, 'getToken', undefined, { url: 'https://evil.example/token' }],
    ['cancel'], ['cancel', 'all'], ['wake', 'dead'], ['pong', 1], ['dispose', 'all'], ['fetch', head, undefined],
    new Map([['call', 1]]), new Date(), new Uint8Array(1000),
  ];
  for (const message of wrong) page.say(message);
  await until('all are refused', () => page.heard.length === wrong.length);
  const codes = page.heard.map(([verb, ...rest]) => (verb === 'refuse' ? rest[0] : verb === 'settle' && !rest[1] && rest[2]).code);
  assert.deepEqual([...new Set(codes)], ['vault_message']);
  assert.deepEqual(vault.core.calls, []);

  // Those that name an operation settle it.
  const calls = [
    ['call', 7, 'exportKey', undefined], ['call', 8, 'refresh', undefined], ['call', 9, 'constructor', undefined], ['call', 10, 'getToken', 'all'],
    ['call', 11, 'getToken', new Map()], ['call', 12, 'login', { scope: 'x'.repeat(70_000) }], ['call', 13, 'login', { a: [[[[[[[[[[[[[[[1]]]]]]]]]]]]]]] }],
  ];
  page.heard.length = 0;
  for (const message of calls) page.say(message);
  for (const [, op] of calls) {
    const [, settled, ok, error] = await page.next('settle');
    assert.deepEqual([settled, ok, error.code], [op, false, 'vault_message']);
  }
  assert.deepEqual(vault.core.calls, []);
  page.say(['call', 20, 'userinfo', undefined]);
  await until('the vault still works', () => vault.core.count('userinfo') === 1);
  assert.equal((await knock(vault).next('session'))[1].status, 'signed-in');
});

test('a page that says too much is refused, and one that does not stop is not heard any more', async () => {
  const { BURST, WRONG } = await import('../../target/facade-test/vault/limits.js');
  const vault = await makeVault();
  const page = await enter(vault);
  const other = await enter(vault);
  vault.core.answers.userinfo = () => ({ sub: 'ada' });
  const total = BURST + 500;
  for (let op = 1; op <= total; op++) page.say(['call', op, 'userinfo', undefined]);
  await until('all are settled', () => page.count('settle') === total);
  const refused = page.heard.filter(([verb, , ok]) => verb === 'settle' && !ok);
  assert.ok(refused.length >= 400 && refused.length <= 500, `${refused.length}`);
  assert.ok(refused.every(([, , , error]) => error.code === 'vault_message' && error.path === 'rate'));
  assert.equal(page.count('dropped'), 0);
  for (let i = 0; i < WRONG; i++) page.say(['flood']);
  await page.next('dropped');
  other.say(['call', 1, 'userinfo', undefined]);
  assert.equal((await other.next('settle'))[2], true);
});

test('so many operations may be pending, and no more', async () => {
  const { PENDING } = await import('../../target/facade-test/vault/limits.js');
  const vault = await makeVault();
  const page = await enter(vault);
  for (let op = 1; op <= PENDING - 500; op++) page.say(['call', op, 'userinfo', undefined]);
  await until('they are pending', () => vault.core.count('userinfo') === PENDING - 500);
  await new Promise((resolve) => { setTimeout(resolve, 3000); });
  for (let op = PENDING; op <= PENDING + 600; op++) page.say(['call', op, 'userinfo', undefined]);
  const [, , ok, error] = await page.next('settle');
  assert.deepEqual([ok, error.code, error.path], [false, 'vault_message', 'pending']);
});

test('an operation that is pending cannot be begun again', async () => {
  const vault = await makeVault();
  const page = await enter(vault);
  page.say(['call', 1, 'userinfo', undefined]);
  page.say(['call', 1, 'logout', undefined]);
  assert.equal((await page.next('refuse'))[1].code, 'vault_message');
  assert.equal(vault.core.count('logout'), 0);
});

test('the access token goes to the page that asks, and to no other', async () => {
  const vault = await makeVault();
  const [one, two] = [await enter(vault), await enter(vault)];
  vault.core.answers.getToken = () => ({ token: SECRET, serial: 3 });
  vault.core.giveToken(SECRET, 3, 60_000);
  await quiet();
  assert.deepEqual([one.heard, two.heard], [[], []]);
  one.say(['call', 1, 'getToken', undefined]);
  const [, token, serial, lifetime, wall, age] = await one.next('token');
  assert.deepEqual([token, serial, lifetime], [SECRET, 3, 60_000]);
  assert.ok(Math.abs(Date.now() - wall) < 1000 && age >= 0 && age < 1000);
  assert.deepEqual(await one.next('settle'), ['settle', 1, true, { token: SECRET, serial: 3 }]);

  // A narrowed one is not the session's.
  vault.core.answers.getToken = () => ({ token: 'narrow', serial: 4 });
  one.say(['call', 2, 'getToken', { scope: 'read' }]);
  await one.next('settle');
  assert.equal(one.count('token'), 0);

  // A new one, or none: what was given is forgotten.
  vault.core.giveToken('AT-next', 5);
  assert.deepEqual(await one.next('token'), ['token']);
  vault.core.host.token(undefined, 0, NaN, 0, 0);
  await quiet();
  assert.deepEqual([one.heard, two.heard], [[], []]);
});

test('exposeAccessToken: false: no message brings the token', async () => {
  const vault = await makeVault();
  const page = await enter(vault, { options: { ...OPTIONS, exposeAccessToken: false } });
  vault.core.giveToken(SECRET);
  vault.core.answers.getToken = () => ({ token: SECRET, serial: 1 });
  for (const [i, args] of [undefined, {}, { fresh: true }, { scope: 'openid' }, { rejected: 1 }].entries()) {
    page.say(['call', i + 1, 'getToken', args]);
    const [, , ok, error] = await page.next('settle');
    assert.deepEqual([ok, error.code], [false, 'token_hidden']);
  }
  assert.equal(vault.core.count('getToken'), 0);
  assert.ok(!JSON.stringify(page.heard).includes(SECRET));
});

test('snapshots and events go to all, settlements and clean addresses to who asked', async () => {
  const vault = await makeVault();
  const [one, two] = [await enter(vault), await enter(vault)];
  vault.core.answers.handleRedirect = ({ url }) => {
    vault.core.host.cleanUrl(url.split('?')[0]);
    return { returnTo: null };
  };
  one.say(['call', 1, 'handleRedirect', { url: `${ORIGIN}/?code=1` }]);
  assert.deepEqual(await one.next('cleanUrl'), ['cleanUrl', `${ORIGIN}/`]);
  await one.next('settle');
  vault.core.host.session(record());
  vault.core.host.event('signed-in', undefined);
  for (const page of [one, two]) {
    assert.equal((await page.next('session'))[1].claims.sub, 'ada');
    assert.equal((await page.next('event'))[1], 'signed-in');
    assert.deepEqual(page.heard, []);
  }
});

test('an address that is cleaned later is the one of the page it came from', async () => {
  const vault = await makeVault();
  const [one, two] = [await enter(vault), await enter(vault)];
  vault.core.answers.handleRedirect = () => undefined;
  one.say(['call', 1, 'handleRedirect', { url: `${ORIGIN}/a?code=1` }]);
  two.say(['call', 1, 'handleRedirect', { url: `${ORIGIN}/b?code=2` }]);
  await until('both are under way', () => vault.core.count('handleRedirect') === 2);
  vault.core.host.cleanUrl(`${ORIGIN}/b`);
  assert.deepEqual(await two.next('cleanUrl'), ['cleanUrl', `${ORIGIN}/b`]);
  assert.deepEqual(one.heard, []);
});

test('a page that goes cancels what it waited for, and nothing else', async () => {
  const vault = await makeVault();
  const [one, two] = [await enter(vault), await enter(vault)];
  one.say(['call', 1, 'getToken', undefined]);
  two.say(['call', 1, 'getToken', undefined]);
  await until('both wait', () => vault.core.count('getToken') === 2);
  one.port.close();
  await until('one is cancelled', () => vault.core.cancelled.length === 1);
  assert.deepEqual(vault.core.cancelled, [1]);
  two.say(['cancel', 1]);
  await until('the other too', () => vault.core.cancelled.length === 2);
  assert.equal(vault.core.disposed, 0);
});

test('J07: a page that answers no ping is dropped; it may come again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const vault = await makeVault();
  const [asleep, awake] = [await enter(vault), await enter(vault)];
  for (let i = 0; i < 4; i++) {
    t.mock.timers.tick(20_000);
    await awake.next('ping').then(() => awake.say(['pong']));
    await quiet();
  }
  await asleep.next('dropped');
  assert.equal(awake.count('dropped'), 0);
  vault.core.host.session(record());
  await awake.next('session');
  assert.equal(asleep.count('session'), 0);
});

test('J07: 1,000 ports: places are limited, and those of the dead are given to the living', async () => {
  const vault = await makeVault();
  const living = await enter(vault);
  living.port.onmessage = ({ data }) => {
    if (data[0] === 'ping') living.say(['pong']);
    else living.heard.push(data);
  };
  const flood = Array.from({ length: 1000 }, () => knock(vault));
  await until('the places are taken', () => flood.filter((page) => page.count('welcome')).length === 255);
  await until('the others are refused', () => flood.filter((page) => page.count('refuse')).length === 745);
  assert.ok(flood.flatMap(({ heard }) => heard).every(([verb, error]) => verb !== 'refuse' || error.code === 'vault_unavailable'));
  // None of the flood answers: after a moment their places are free.
  const late = knock(vault);
  await new Promise((resolve) => { setTimeout(resolve, 1200); });
  await late.next('welcome');
  living.say(['call', 1, 'userinfo', undefined]);
  await until('the living one is served', () => vault.core.count('userinfo') === 1);
});

test('an engine that fails ends all clients, and the next page gets a new one of the same configuration', async () => {
  const vault = await makeVault();
  const page = await enter(vault);
  page.say(['call', 1, 'getToken', undefined]);
  await until('it waits', () => vault.core.count('getToken') === 1);
  vault.core.host.poison(new Error('trap'));
  assert.equal((await page.next('settle'))[3].code, 'engine_failed');
  await page.next('poison');
  const [, error] = await knock(vault, { options: { ...OPTIONS, clientId: 'other' } }).next('refuse');
  assert.equal(error.code, 'vault_mismatch');
  await enter(vault);
  assert.equal(vault.cores.length, 2);
});

test('dispose ends one client; that of the last page drops the tokens, and the configuration stays', async () => {
  const vault = await makeVault();
  const [one, two] = [await enter(vault), await enter(vault)];
  one.say(['dispose']);
  await one.next('dropped');
  assert.equal(vault.core.disposed, 0);
  two.say(['bye']);
  await two.next('dropped');
  assert.equal(vault.core.disposed, 0, 'a page that only goes leaves the session to the others');
  const last = await enter(vault);
  last.say(['dispose']);
  await until('the engine is disposed of', () => vault.core.disposed === 1);
  const [, error] = await knock(vault, { options: { ...OPTIONS, clientId: 'other' } }).next('refuse');
  assert.equal(error.code, 'vault_mismatch');
  await enter(vault);
  assert.equal(vault.cores.length, 2);
});

test('a login that nobody comes back from is over some day', async (t) => {
  const vault = await makeVault();
  const page = await enter(vault);
  vault.core.answers.login = () => ({ url: 'https://id.example/auth' });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  page.say(['call', 1, 'login', undefined]);
  await page.next('settle');
  page.port.close();
  await quiet();
  t.mock.timers.tick(599_000);
  assert.deepEqual(vault.core.cancelled, []);
  t.mock.timers.tick(2000);
  assert.deepEqual(vault.core.cancelled, [1]);
});

test('what happens to a page is passed on, and answered', async () => {
  const vault = await makeVault();
  const page = await enter(vault);
  for (const why of ['restored', 'shown', 'online', 'waiting']) page.say(['wake', why]);
  await until('four answers', () => page.count('pong') === 4);
  assert.deepEqual(vault.woken, ['restored', 'shown', 'online', 'waiting']);
});

test('the keeper answers the engine', async () => {
  const vault = await makeVault();
  await enter(vault);
  const answers = [];
  vault.core.kept = (...answer) => answers.push(answer);
  vault.core.host.keep(1, 'store', 'state', 'record', undefined);
  vault.core.host.keep(2, 'unlock', '', undefined, undefined);
  vault.core.host.keep(3, 'take', 'state', undefined, undefined);
  await until('two answers', () => answers.length === 2);
  assert.deepEqual(answers, [[1, 'done', undefined, undefined], [3, 'done', 'record', undefined]]);
});

test('a refused operation of the engine goes to the page as it is', async () => {
  const vault = await makeVault();
  const page = await enter(vault);
  vault.core.answers.logout = () => new Fail('endpoint_missing', { path: 'x' });
  page.say(['call', 4, 'logout', {}]);
  const [, op, ok, error] = await page.next('settle');
  assert.deepEqual([op, ok, error.code, error.path], [4, false, 'endpoint_missing', 'x']);
});
