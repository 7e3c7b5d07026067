// Logins by another device, exchanged tokens and authorization details, in the page and through a vault. How to run: see
// support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { codeOf, Fail, makeClient, openPage, record, settled } from './support.mjs';
import { enter, makeVault, makeVaultClient, OPTIONS, ORIGIN, quiet, until } from './vault-support.mjs';

beforeEach(() => void openPage(`${ORIGIN}/`));

const CODE = { userCode: 'WDJB-MJHT', verificationUri: 'https://id.example/device', verificationUriComplete: null, expiresAt: 1000 };
const ISSUED = { token: 'T9', issuedTokenType: 'urn:x', tokenType: 'Bearer', expiresAt: null, scope: null };

/** A device login that waits, with what it was shown. */
const wait = async (client, core, options = {}) => {
  const codes = [];
  const login = client.loginWithDevice({ onCode: (code) => void codes.push(code), ...options });
  login.catch(() => {});
  const { op, args } = await until('the engine is asked', () => core().calls.findLast(({ name }) => name === 'loginWithDevice'));
  return { login, codes, op, args };
};

test('a device login shows its code after the engine has returned, and gives the session', async () => {
  const { client, core } = await makeClient();
  const { login, codes, op, args } = await wait(client, () => core, {
    scope: 'openid', authorizationDetails: [{ type: 'payment' }], extraParams: { x: '1' },
  });
  assert.deepEqual(structuredClone(args), { scope: 'openid', authorizationDetails: '[{"type":"payment"}]', extraParams: { x: '1' } });
  core.host.code(op, { ...CODE });
  assert.deepEqual(codes, []);
  await settled();
  assert.deepEqual(codes, [CODE]);
  assert.ok(Object.isFrozen(codes[0]));
  // For no operation, or for another, there is nobody to hear it.
  core.host.code(op + 1, CODE);
  core.host.session(record());
  core.host.settle(op, true, { returnTo: null });
  assert.equal(await login, client.session);
  core.host.code(op, CODE);
  await settled();
  assert.equal(codes.length, 1);
});

test('who cannot show a code gives the login up, with the cause', async () => {
  const cause = new Error('no screen');
  for (const onCode of [() => { throw cause; }, async () => { throw cause; }]) {
    const { client, core } = await makeClient();
    const { login, op } = await wait(client, () => core, { onCode });
    core.host.code(op, CODE);
    const error = await login.catch((error) => error);
    assert.deepEqual([error.code, error.cause, core.cancelled], ['aborted', cause, [op]]);
  }
  const { client, core } = await makeClient();
  for (const options of [undefined, {}, { onCode: 'alert' }]) {
    const error = await client.loginWithDevice(options).catch((error) => error);
    assert.deepEqual([error.code, error.path], ['option_invalid', 'loginWithDevice.onCode']);
  }
  assert.equal(core.count('loginWithDevice'), 0);
});

test('a device login is given up by a signal, before and after it began, and by dispose', async () => {
  const { client, core } = await makeClient();
  const reason = new Error('changed my mind');
  const early = await client.loginWithDevice({ onCode() {}, signal: AbortSignal.abort(reason) }).catch((error) => error);
  assert.deepEqual([early.code, early.cause, core.count('loginWithDevice')], ['aborted', reason, 0]);
  const controller = new AbortController();
  const { login, op } = await wait(client, () => core, { signal: controller.signal });
  controller.abort(reason);
  const late = await login.catch((error) => error);
  assert.deepEqual([late.code, late.cause, core.cancelled], ['aborted', reason, [op]]);
  const last = await wait(client, () => core);
  await client.dispose();
  assert.equal(await codeOf(last.login), 'client_disposed');
});

test('what the engine says of a device login is what the app hears', async () => {
  const { client, core } = await makeClient();
  core.answers.loginWithDevice = () => new Fail('device_denied', { oauthError: 'access_denied' });
  const error = await client.loginWithDevice({ onCode() {} }).catch((error) => error);
  assert.deepEqual([error.code, error.oauthError], ['device_denied', 'access_denied']);
});

test('an exchanged token is given as it is', async () => {
  const { client, core } = await makeClient();
  core.answers.exchangeToken = () => ISSUED;
  const given = await client.exchangeToken({ audience: ['a'], authorizationDetails: [{ type: 'x' }] });
  assert.deepEqual(given, ISSUED);
  assert.deepEqual(structuredClone(core.calls.at(-1).args), { audience: ['a'], authorizationDetails: '[{"type":"x"}]' });
  assert.deepEqual(await client.exchangeToken(), ISSUED);
  assert.equal(await codeOf(client.exchangeToken({ signal: AbortSignal.abort() })), 'aborted');
  const hidden = await makeClient({ exposeAccessToken: false });
  assert.equal(await codeOf(hidden.client.exchangeToken()), 'token_hidden');
  assert.equal(hidden.core.count('exchangeToken'), 0);
});

test('granted details are in the session, frozen, and keep their identity', async () => {
  const { client, core } = await makeClient();
  assert.equal(client.session.authorizationDetails, null);
  core.host.session(record({ authorizationDetails: [{ type: 'payment', limit: { eur: 5 } }] }));
  const { authorizationDetails } = client.session;
  assert.deepEqual(authorizationDetails, [{ type: 'payment', limit: { eur: 5 } }]);
  assert.ok(Object.isFrozen(authorizationDetails) && Object.isFrozen(authorizationDetails[0].limit));
  core.host.session(record({ authorizationDetails: [{ type: 'payment', limit: { eur: 5 } }], expiresAt: 7 }));
  assert.equal(client.session.authorizationDetails, authorizationDetails);
  core.host.session(record());
  assert.equal(client.session.authorizationDetails, null);
  client.login({ authorizationDetails: [{ type: 'payment' }] }).catch(() => {});
  await settled();
  assert.equal(core.calls.at(-1).args.authorizationDetails, '[{"type":"payment"}]');
});

test('vault: the code goes to the page that asked, and to no other', async () => {
  const vault = await makeVault();
  const client = await makeVaultClient(vault);
  const { login, codes, op } = await wait(client, () => vault.core);
  vault.core.host.code(op, CODE);
  await until('the code is shown', () => codes.length === 1);
  assert.deepEqual(codes, [CODE]);
  vault.core.host.settle(op, true, { returnTo: null });
  assert.equal(await login, client.session);

  const shared = await makeVault();
  const [one, two] = [await enter(shared), await enter(shared)];
  one.say(['call', 1, 'loginWithDevice', {}]);
  await until('it is asked', () => shared.core.count('loginWithDevice') === 1);
  shared.core.host.code(shared.core.calls.at(-1).op, CODE);
  assert.deepEqual(await one.next('code'), ['code', 1, CODE]);
  // Given up: nothing more is said of it.
  one.say(['cancel', 1]);
  await until('it is cancelled', () => shared.core.cancelled.length === 1);
  shared.core.host.code(shared.core.calls.at(-1).op, CODE);
  await quiet();
  assert.deepEqual([one.count('code'), two.heard], [0, []]);
});

test('vault: a page that goes gives its device login up', async () => {
  const vault = await makeVault();
  const page = await enter(vault);
  page.say(['call', 1, 'loginWithDevice', {}]);
  await until('it is asked', () => vault.core.count('loginWithDevice') === 1);
  page.say(['bye']);
  await until('it is cancelled', () => vault.core.cancelled.length === 1);
});

test('vault: no exchanged token where tokens are hidden', async () => {
  const vault = await makeVault();
  const page = await enter(vault, { options: { ...OPTIONS, exposeAccessToken: false } });
  vault.core.answers.exchangeToken = () => ISSUED;
  for (const [i, args] of [undefined, {}, { audience: 'a' }, { subjectToken: 'x', subjectTokenType: 'urn:x' }].entries()) {
    page.say(['call', i + 1, 'exchangeToken', args]);
    const [, , ok, error] = await page.next('settle');
    assert.deepEqual([ok, error.code], [false, 'token_hidden']);
  }
  assert.equal(vault.core.count('exchangeToken'), 0);
  assert.ok(!JSON.stringify(page.heard).includes('T9'));

  const open = await makeVault();
  const client = await makeVaultClient(open);
  open.core.answers.exchangeToken = () => ISSUED;
  assert.deepEqual(await client.exchangeToken({ audience: 'a' }), ISSUED);
});
