// How to run: see support.mjs. Hints are loaded when an error is made.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Fail, codeOf, load, makeClient, openPage, record, settled, trouble } from './support.mjs';

beforeEach(() => {
  openPage();
});

const LATER = /README of tokenward/;

/** A copy of the module of errors; `load` is what loads its hints. */
let copies = 0;
const errors = async (part) => {
  const copy = await load('errors', `?hints-${(copies += 1)}`);
  copy.explainWith(part);
  return copy;
};

const real = () => load('hints');

/** Rejects as a member of a client does. */
const rejected = async ({ hinted }, make) => {
  const begun = performance.now();
  const error = await hinted(async () => { throw make(); })().catch((caught) => caught);
  return { error, took: performance.now() - begun };
};

test('a rejection has its hint, also in message and trace', async () => {
  const copy = await errors(real);
  const { error } = await rejected(copy, () => copy.failure('api_not_allowed', 'https://api.example'));
  assert.match(error.hint, /option apis/);
  assert.equal(error.message, `api_not_allowed (https://api.example): ${error.hint}`);
  assert.ok(error.stack.includes(error.message) && !LATER.test(error.stack));
  assert.deepEqual(JSON.parse(JSON.stringify(error)).hint, error.hint);
  // The part is there: no waiting, and complete from the start.
  const next = copy.failure('popup_blocked');
  assert.match(next.message, /popup_blocked: Call login in the handler/);
});

test('what is ordinary loads nothing and waits for nothing', async () => {
  const copy = await errors(() => assert.fail('loaded'));
  for (const code of ['aborted', 'client_disposed', 'network_failed', 'timed_out', 'server_unavailable', 'login_required', 'session_ended', 'session_expired', 'interaction_required']) {
    const error = copy.fromRecord({ code, phase: 'session', retryable: false });
    assert.doesNotMatch(error.hint, LATER, code);
    assert.equal(error.message, `${code}: ${error.hint}`);
    let settledFirst = false;
    copy.hinted(async () => { throw error; })().catch(() => { settledFirst = true; });
    await Promise.resolve().then(() => {}).then(() => {}).then(() => {});
    assert.ok(settledFirst, code);
  }
});

test('a hint that is given stays, and nothing is loaded for it', async () => {
  const copy = await errors(() => assert.fail('loaded'));
  const error = new copy.AuthError({ code: 'token_refused', phase: 'token', retryable: false, message: 'token_refused', hint: 'Mine.' });
  assert.deepEqual([error.hint, error.message], ['Mine.', 'token_refused: Mine.']);
});

test('hints that cannot be loaded keep nobody waiting, are no unhandled rejection, and are asked for again', async () => {
  let asked = 0;
  const copy = await errors(async () => {
    asked += 1;
    if (asked === 1) throw new TypeError('offline');
    return real();
  });
  const first = await rejected(copy, () => copy.failure('token_hidden'));
  assert.match(first.error.message, /^token_hidden: .*README/);
  const second = await rejected(copy, () => copy.failure('token_hidden'));
  assert.match(second.error.message, /^token_hidden: The option exposeAccessToken/);
  assert.equal(asked, 2);
});

test('nobody waits longer than a second, and what comes later is filled in', async () => {
  let arrive;
  const copy = await errors(() => new Promise((resolve) => { arrive = resolve; }));
  const { error, took } = await rejected(copy, () => copy.failure('engine_failed'));
  assert.match(error.hint, LATER);
  assert.ok(took > 900, `${took}`);
  const frozen = Object.freeze(copy.failure('token_hidden'));
  arrive(await real());
  await settled();
  assert.match(error.hint, /bug in Tokenward/);
  assert.match(frozen.hint, LATER);
});

test('many errors at once load once', async () => {
  let asked = 0;
  const copy = await errors(async () => {
    asked += 1;
    return real();
  });
  const all = await Promise.all(Array.from({ length: 100 }, () => rejected(copy, () => copy.failure('token_hidden'))));
  assert.ok(all.every(({ error }) => /exposeAccessToken/.test(error.hint)));
  assert.equal(asked, 1);
});

test('without a part, as in a vault, there is only the code', async () => {
  const copy = await errors(undefined);
  const { error } = await rejected(copy, () => copy.failure('token_hidden'));
  assert.match(error.hint, LATER);
});

test('an error in a snapshot is there at once, its hint when it has come', async () => {
  const { client, core } = await makeClient();
  const events = [];
  client.on('renewal-failed', ({ error }) => events.push(error));
  core.host.session(record({ lastError: trouble('keys_unavailable', { retryable: true }) }));
  core.host.event('renewal-failed', trouble('keys_unavailable'));
  assert.equal(client.session.lastError.code, 'keys_unavailable');
  await load('hints');
  await settled();
  assert.match(client.session.lastError.hint, /jwks_uri/);
  assert.match(events[0].message, /^keys_unavailable: .*jwks_uri/);
});

test('every member of a client that fails has the hint', async () => {
  const { client, core } = await makeClient();
  const fails = () => new Fail('id_token_nonce');
  for (const name of ['login', 'getToken', 'userinfo', 'logout', 'revoke', 'exchangeToken', 'handleRedirect', 'proof', 'loginWithDevice']) core.answers[name] = fails;
  const request = { url: 'https://api.example/x' };
  for (const fail of [
    () => client.login(), () => client.getToken(), () => client.getToken({ fresh: true }), () => client.userinfo(), () => client.logout(), () => client.revoke(),
    () => client.exchangeToken(), () => client.handleRedirect('https://app.example/?state=x'), () => client.loginWithDevice({ onCode: () => {} }),
    () => client.proof(request),
  ]) {
    const { code, hint } = await fail().catch((error) => error);
    assert.deepEqual([code, hint], ['id_token_nonce', 'Start the login again.']);
  }
  const { hint } = await client.fetch('https://elsewhere.example/').catch((error) => error);
  assert.match(hint, /option apis/);
  assert.match((await makeClient({ handleRedirect: 7 }).catch((error) => error)).hint, /Correct the value/);
});

test('a login in a popup opens it before anything is awaited, and one that is aborted rejects at once', async () => {
  const { client, core } = await makeClient();
  let opened = 0;
  window.open = () => {
    opened += 1;
    return null;
  };
  const blocked = client.login({ mode: 'popup' });
  assert.equal(opened, 1);
  assert.equal(await codeOf(blocked), 'popup_blocked');
  core.answers.userinfo = () => undefined;
  const stop = new AbortController();
  const waiting = client.getToken({ fresh: true, signal: stop.signal });
  let rejected = false;
  waiting.catch(() => { rejected = true; });
  stop.abort();
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
  assert.ok(rejected);
});

test('an option that does not exist comes with the nearest that does', async () => {
  const { explain } = await load('hints');
  const copy = await errors(async () => ({ explain }));
  const known = ' issuer clientId redirectUri postLogoutRedirectUri scope discovery metadata';
  const metadata = 'metadata. issuer token_endpoint jwks_uri';
  for (const [path, names, told] of [
    ['clientID', known, 'clientID: did you mean clientId?'],
    ['client_id', known, 'client_id: did you mean clientId?'],
    ['redirectURI', known, 'redirectURI: did you mean redirectUri?'],
    ['scopes', known, 'scopes: did you mean scope?'],
    ['isuer', known, 'isuer: did you mean issuer?'],
    ['zzzzzzzzzz', known, 'zzzzzzzzzz'],
    ['a.issuer.b', known, 'a.issuer.b'],
    ['metadata.tokenEndpoint', metadata, 'metadata.tokenEndpoint: did you mean metadata.token_endpoint?'],
    ['metadata.jwksUri', metadata, 'metadata.jwksUri: did you mean metadata.jwks_uri?'],
    ['login.return_to', 'login. returnTo prompt', 'login.return_to: did you mean login.returnTo?'],
    ['logout.Local', 'logout. local revoke', 'logout.Local: did you mean logout.local?'],
    ['dangerously.skipNonce', 'dangerously. ', 'dangerously.skipNonce'],
    ['apis[0].urls', undefined, 'apis[0].urls'],
  ]) {
    const { error } = await rejected(copy, () => copy.fromRecord({ code: 'option_unknown', phase: 'options', retryable: false, path, known: names }));
    assert.equal(error.path, told);
    assert.equal(error.message, `option_unknown (${told}): Remove the option or correct its name.`);
    assert.ok(!('known' in error));
  }
});
