// The emulation keeps to what the providers document: lives, rotation, who needs a secret, how errors look. Other tests rely
// on it. To run: `cargo xtask test --only providers`.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { PROVIDERS, SECRET, startEmulation } from './emulation.mjs';
import { ARGUMENTS, SCOPES } from './presets.mjs';
import { authorize, CLIENT, post, proxyFor, redeem, refresh } from './support.mjs';

const presets = await import('../../pkg/dist/providers/index.js');

const HOUR = 3600;
const DAY = 24 * HOUR;

let emulation;
const stops = [];
before(async () => {
  emulation = await startEmulation(CLIENT);
});
after(() => Promise.all([emulation.stop(), ...stops.map((stop) => stop())]));

/** Logs in as the preset says, through a proxy where it wants one. */
async function signIn(name) {
  const { facts } = emulation.of(name);
  let endpoint = emulation.at(facts.token);
  if (facts.secret) {
    const proxy = await proxyFor(emulation, facts, SECRET);
    stops.push(proxy.stop);
    endpoint = proxy.url;
  }
  const preset = emulation.relocate(presets[name](ARGUMENTS[name](endpoint)));
  const found = preset.discovery === false ? {} : await (await fetch(`${preset.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)).json();
  const metadata = { ...found, ...preset.metadata };
  assert.equal(found.issuer ?? preset.issuer, preset.issuer);
  assert.equal(metadata.token_endpoint, endpoint);
  const scope = preset.scope ?? SCOPES[name] ?? '';
  const answer = await authorize(metadata.authorization_endpoint, { scope, ...preset.extraParams });
  const login = await redeem(endpoint, answer);
  assert.equal(login.status, 200, JSON.stringify(login));
  return { endpoint, answer, login, metadata, preset };
}

const api = async (name, token) => (await fetch(`${emulation.url}/api/${name}`, { headers: { authorization: `Bearer ${token}` } })).status;

test('there is an emulation of every preset', () => {
  assert.deepEqual(Object.keys(PROVIDERS).sort(), Object.keys(presets).sort());
  assert.deepEqual(Object.keys(PROVIDERS).sort(), Object.keys(ARGUMENTS).sort());
});

for (const [name, facts] of Object.entries(PROVIDERS)) {
  test(`${name}: login, refresh, API call, the end of each token`, async () => {
    const { endpoint, answer, login } = await signIn(name);
    assert.equal(await api(name, login.body.access_token), 200);
    assert.equal(answer.iss, facts.callback?.iss && emulation.at(facts.callback.iss));
    // A code is good once, and only with its verifier.
    const again = await redeem(endpoint, answer);
    assert.equal(again.body.access_token, undefined);

    const first = login.body.refresh_token;
    assert.ok(first);
    const renewed = await refresh(endpoint, first);
    assert.equal(renewed.status, 200, JSON.stringify(renewed));
    assert.equal(await api(name, renewed.body.access_token), 200);
    assert.equal(await api(name, login.body.access_token), facts.oldStops ? 401 : 200);
    assert.equal(renewed.body.refresh_token !== undefined, !['omit', 'sometimes'].includes(facts.rotation));
    if (facts.rotation === 'echo') assert.equal(renewed.body.refresh_token, first);
    if (['single', 'new'].includes(facts.rotation)) assert.notEqual(renewed.body.refresh_token, first);

    emulation.clock.shift(facts.access + 1);
    assert.equal(await api(name, renewed.body.access_token), 401);

    const live = renewed.body.refresh_token ?? first;
    const last = facts.ends ?? facts.refresh;
    if (last) {
      emulation.clock.shift(last + 1);
      const over = await refresh(endpoint, live);
      assert.deepEqual([over.status, over.body], [facts.dead.status, facts.dead.body]);
      emulation.clock.shift(-last - 1);
    }
    emulation.clock.shift(-facts.access - 1);
    assert.equal((await refresh(endpoint, live)).status, 200);
    emulation.of(name).kill();
    const dead = await refresh(endpoint, live);
    assert.deepEqual([dead.status, dead.body], [facts.dead.status, facts.dead.body]);
  });
}

test('who asks for a secret answers no browser and takes no request without it', async () => {
  for (const [name, facts] of Object.entries(PROVIDERS)) {
    const { code, verifier } = await authorize(emulation.at(facts.authorize), { scope: 'openid', access_type: 'offline' });
    const answer = await redeem(emulation.at(facts.token), { code, verifier });
    assert.equal(answer.allowed, facts.secret ? null : CLIENT.origin, name);
    assert.equal(answer.status, facts.secret ? 401 : 200, name);
  }
});

test('a wrong verifier, an unknown code', async () => {
  for (const [name, facts] of Object.entries(PROVIDERS)) {
    const { code } = await authorize(emulation.at(facts.authorize), { scope: 'openid' });
    for (const wrong of [{ code, verifier: 'x' }, { code: 'x', verifier: 'x' }]) {
      const { body } = await post(emulation.at(facts.token), {
        grant_type: 'authorization_code', code: wrong.code, code_verifier: wrong.verifier, redirect_uri: CLIENT.redirectUri, client_secret: SECRET,
      });
      assert.equal(body.access_token, undefined, name);
    }
  }
});

test('GitHub: form unless JSON is asked for, errors with status 200, both tokens stop', async () => {
  const { endpoint, login } = await signIn('github');
  assert.match(login.type, /json/);
  emulation.of('github').force.form = true;
  const renewed = await refresh(endpoint, login.body.refresh_token);
  assert.match(renewed.type, /urlencoded/);
  assert.equal(renewed.body.scope, 'repo,gist');
  const dead = await refresh(endpoint, login.body.refresh_token);
  emulation.of('github').force.form = false;
  assert.deepEqual([dead.status, dead.body.error], [200, 'bad_refresh_token']);
  assert.equal(await api('github', login.body.access_token), 401);
});

test('Entra and B2C: 24 hours from the login, however often the token is new', async () => {
  for (const name of ['entra', 'azureB2C']) {
    const { endpoint, login, preset } = await signIn(name);
    assert.equal(preset.sessionLifetime, PROVIDERS[name].ends);
    let token = login.body.refresh_token;
    for (let hour = 0; hour < 23; hour += 1) {
      emulation.clock.shift(HOUR);
      token = (await refresh(endpoint, token)).body.refresh_token;
      assert.ok(token);
    }
    emulation.clock.shift(HOUR + 1);
    assert.match((await refresh(endpoint, token)).body.error, /invalid_grant/);
    emulation.clock.shift(-DAY - 1);
  }
});

test('Google: no refresh token unless asked for; in "Testing" it lives seven days and is never a new one', async () => {
  const { endpoint, login, preset, metadata } = await signIn('google');
  assert.equal(preset.sessionLifetime, 7 * DAY);
  emulation.clock.shift(7 * DAY - 10);
  const renewed = await refresh(endpoint, login.body.refresh_token);
  assert.deepEqual([renewed.status, renewed.body.refresh_token], [200, undefined]);
  emulation.clock.shift(20);
  assert.equal((await refresh(endpoint, login.body.refresh_token)).status, 400);
  emulation.clock.shift(-7 * DAY - 10);
  const online = await redeem(endpoint, await authorize(metadata.authorization_endpoint, { scope: 'openid' }));
  assert.deepEqual([online.status, online.body.refresh_token], [200, undefined]);
});

test('Monzo: one access token at a time', async () => {
  const one = await signIn('monzo');
  const two = await signIn('monzo');
  assert.equal(await api('monzo', one.login.body.access_token), 401);
  assert.equal(await api('monzo', two.login.body.access_token), 200);
});

test('Okta: a spent refresh token is good for half a minute, then its use ends the grant', async () => {
  const { endpoint, login } = await signIn('okta');
  const renewed = await refresh(endpoint, login.body.refresh_token);
  assert.equal((await refresh(endpoint, login.body.refresh_token)).status, 200);
  emulation.clock.shift(31);
  assert.equal((await refresh(endpoint, login.body.refresh_token)).status, 400);
  assert.equal((await refresh(endpoint, renewed.body.refresh_token)).status, 400);
  emulation.clock.shift(-31);
});

beforeEach(() => { for (const name of Object.keys(PROVIDERS)) emulation.of(name).requests.length = 0; });
