// Other ways to a session and to tokens: devices, exchanges, details, resources, signed claims.

import assert from 'node:assert/strict';
import { says } from '../../hostile/provider/faults/transport.mjs';
import { scenario } from '../case.mjs';
import { openHostile } from '../hostile.mjs';
import { claims, proofs, watchProofs } from '../proofs.mjs';
import { ALGORITHMS, testId } from '../stage.mjs';
import { KINDS } from '../vault.mjs';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Begins a device login, which goes on while the test looks elsewhere; gives what was shown. */
async function begin(stage) {
  await stage.evaluate(() => {
    window.stop = new AbortController();
    window.outcome = undefined;
    window.code = undefined;
    window.auth.loginWithDevice({ onCode: (code) => { window.code = code; }, signal: window.stop.signal }).then(
      (session) => { window.outcome = { name: session.claims.name }; },
      (error) => { window.outcome = { error: window.describeError(error) }; },
    );
  });
  return stage.until('the code is shown', () => stage.evaluate(() => window.code));
}

const outcome = (stage) => stage.until('the device login ends', () => stage.evaluate(() => window.outcome));

/** The user, at another device: enters the code, signs in, and says yes or no. */
async function enterCode(stage, code, button = 'device-confirm') {
  const home = await stage.driver.getWindowHandle();
  await stage.driver.switchTo().newWindow('tab');
  await stage.driver.get(code.verificationUri);
  const field = await stage.until('the field', () => stage.driver.findElement(testId('user-code')));
  await field.sendKeys(code.userCode);
  for (const id of ['device-continue', button]) {
    const element = await stage.until(id, () => stage.driver.findElement(testId(id)));
    await element.click();
  }
  if (button === 'device-confirm') {
    const submit = await stage.until('the login page', () => stage.driver.findElement(testId('login-submit')));
    await submit.click();
    await stage.until('the last page', () => stage.driver.findElement(testId('device-done')));
  }
  await stage.driver.close();
  await stage.show(home);
}

for (const vault of [undefined, ...Object.keys(KINDS)]) {
  scenario(`device login in ${vault ?? 'the page'}: a code is entered elsewhere, and the session renews itself`, async (stage) => {
    const home = vault ? { redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome } : {};
    stage.set({ ...home, vault, engine: 'whole' });
    await stage.open(home.redirectUri);
    const code = await begin(stage);
    assert.ok(code.userCode && code.verificationUri.endsWith('/device') && code.expiresAt > Date.now());
    assert.equal(await stage.status(), 'signing-in');
    await enterCode(stage, code);
    assert.deepEqual(await outcome(stage), { name: 'Ada Lovelace' });
    assert.equal(await stage.status(), 'signed-in');
    const status = await stage.run(async () => {
      await auth.getToken({ fresh: true });
      return (await auth.fetch(`${setup.apiUrl}/me`)).status;
    });
    assert.equal(status, 200);
    assert.equal(stage.counts.device, 1);
    assert.equal(stage.counts.preflight, 0, 'no header of our own');
    const polls = stage.counts.where({ kind: 'token', grant: GRANT }).map(({ at }) => at);
    assert.ok(polls.every((at, i) => i === 0 || at - polls[i - 1] > 4500), polls.join());
  });
}

for (const vault of [undefined, 'shared']) {
  scenario(`dpop: device login in ${vault ?? 'the page'}: each question has a proof, and its key is that of the session`, async (stage) => {
    const home = vault ? { redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome } : {};
    stage.world.policy.dpopNonce = true;
    stage.set({ ...home, vault, dpop: 'required', before: watchProofs });
    await stage.open(home.redirectUri);
    const code = await begin(stage);
    await enterCode(stage, code);
    assert.deepEqual(await outcome(stage), { name: 'Ada Lovelace' });
    const after = await stage.run(async () => {
      const { tokenType } = auth.session;
      await auth.getToken({ fresh: true });
      return { tokenType, status: (await auth.fetch(`${setup.apiUrl}/me`)).status };
    });
    assert.deepEqual(after, { tokenType: 'DPoP', status: 200 });
    if (vault) return;
    const asked = claims(await proofs(stage, '/token')).slice(0, stage.counts.where({ kind: 'token', grant: GRANT }).length);
    assert.deepEqual(asked.map(({ nonce }) => typeof nonce), ['undefined', ...asked.slice(1).map(() => 'string')]);
    assert.ok(asked.length > 1);
  });
}

scenario('device login: the user says no, or the page gives up', async (stage) => {
  stage.set({ engine: 'whole' });
  await stage.open();
  await enterCode(stage, await begin(stage), 'device-abort');
  assert.equal((await outcome(stage)).error.code, 'device_denied');
  assert.equal(await stage.status(), 'signed-out');
  await begin(stage);
  await stage.evaluate(() => { window.stop.abort(); });
  assert.equal((await outcome(stage)).error.code, 'aborted');
  assert.equal(await stage.status(), 'signed-out');
});

scenario('device login: nothing that a user should not follow is shown', async (stage) => {
  const { hostile } = stage;
  const metadata = { device_authorization_endpoint: `${hostile.origin}/device` };
  await openHostile(stage, { metadata, engine: 'whole' });
  for (const uri of ['javascript:alert(1)', 'http://evil.example/', 'data:text/html,x', '']) {
    hostile.behaves();
    const answer = { device_code: 'd', user_code: 'u', verification_uri: uri, expires_in: 60 };
    hostile.does(says('device', JSON.stringify(answer)));
    const error = await stage.refused(() => auth.loginWithDevice({ onCode: () => { throw new Error('shown'); } }));
    assert.deepEqual([error.code, error.path], ['response_invalid', 'verification_uri'], uri);
  }
  assert.equal(hostile.count('token'), 0);
});

for (const vault of [undefined, ...Object.keys(KINDS)]) {
  scenario(`token exchange in ${vault ?? 'the page'}: another token for the session's, which goes on`, async (stage) => {
    const home = vault ? { redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome } : {};
    await stage.signIn({ ...home, vault, engine: 'whole' });
    const { before, issued, after } = await stage.run(async () => {
      const before = await auth.getToken();
      const issued = await auth.exchangeToken({ audience: 'https://partner.example.com', scope: 'openid' });
      return { before, issued, after: await auth.getToken() };
    });
    assert.equal(before, after);
    assert.ok(issued.token && issued.token !== before);
    assert.deepEqual([issued.tokenType, issued.scope], ['Bearer', 'openid']);
    const error = await stage.refused(() => auth.exchangeToken({ audience: 'nobody' }));
    assert.deepEqual([error.code, error.oauthError], ['token_refused', 'invalid_target']);
    assert.equal(await stage.status(), 'signed-in');
    assert.equal(stage.counts.grants.refresh_token, undefined);
  });
}

for (const vault of [undefined, 'shared']) {
  scenario(`dpop: token exchange in ${vault ?? 'the page'}: the new token is bound to the key of the session`, async (stage) => {
    const home = vault ? { redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome } : {};
    stage.world.policy.dpopNonce = true;
    await stage.signIn({ ...home, vault, dpop: 'required' });
    const issued = await stage.run(() => auth.exchangeToken({ audience: 'https://partner.example.com', scope: 'openid profile' }));
    assert.equal(issued.tokenType, 'DPoP');
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200, 'the session goes on');
    // It is used with proofs by the same key, and not without.
    const use = async (nonce) => {
      const { authorization, dpop } = await stage.run(
        ([token, given]) => auth.proof({ url: `${setup.apiUrl}/me`, token, nonce: given }),
        [issued.token, nonce],
      );
      assert.equal(authorization, `DPoP ${issued.token}`);
      return fetch(`${stage.world.apiUrl}/me`, { headers: { Authorization: authorization, DPoP: dpop } });
    };
    const refused = await use();
    assert.equal((await use(refused.headers.get('dpop-nonce') ?? undefined)).status, 200);
    const stolen = await fetch(`${stage.world.apiUrl}/me`, { headers: { Authorization: `Bearer ${issued.token}` } });
    assert.equal(stolen.status, 401);
    stage.world.faults.add('token', { rewrite: (body) => ({ ...body, token_type: 'Bearer' }), times: 1 });
    assert.equal((await stage.refused(() => auth.exchangeToken({ audience: 'a' }))).code, 'dpop_downgraded');
    assert.equal(await stage.status(), 'signed-in');
  });
}

scenario('token exchange: not where the token is hidden, and never another grant', async (stage) => {
  await stage.signIn({ redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome, vault: 'worker', exposeAccessToken: false });
  stage.counts.reset();
  assert.equal((await stage.refused(() => auth.exchangeToken({ audience: 'a' }))).code, 'token_hidden');
  assert.equal(stage.counts.token, 0);
  await stage.signIn({ engine: 'whole' });
  stage.counts.reset();
  for (const extraParams of [{ grant_type: 'refresh_token' }, { refresh_token: 'x' }, { subject_token: 'x' }, { client_id: 'x' }]) {
    const error = await stage.refused((given) => auth.exchangeToken({ extraParams: given }), extraParams);
    assert.equal(error.code, 'option_invalid', JSON.stringify(extraParams));
  }
  assert.equal(stage.counts.token, 0);
});

scenario('authorization details: what was granted is in the session, also after a reload', async (stage) => {
  const { apiUrl } = stage.world;
  stage.set({ persistence: 'sealed' });
  await stage.open();
  const authorizationDetails = [{ type: 'payment', limit: 100 }];
  await stage.login({ options: { authorizationDetails, resource: apiUrl, scope: 'openid offline_access notes' } });
  assert.equal(await stage.lastError(), null);
  const granted = [{ type: 'payment', limit: 50 }];
  const look = () => stage.evaluate(() => auth.session.authorizationDetails);
  assert.deepEqual(await look(), granted);
  await stage.run(() => auth.getToken({ fresh: true }));
  assert.deepEqual(await look(), granted);
  await stage.open();
  assert.deepEqual(await look(), granted);
  await stage.run(() => auth.logout({ local: true }));
  assert.equal(await look(), null);
});

scenario('resources: one login, a token for each API, and none in the place of another', async (stage) => {
  const { apiUrl } = stage.world;
  const other = 'https://other.example.com/';
  stage.set({ scope: 'openid profile offline_access notes', resource: [apiUrl, other] });
  await stage.open();
  await stage.login();
  assert.equal(await stage.lastError(), null);
  const audiences = await stage.run(async (resources) => {
    const audience = (token) => JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).aud;
    const ask = (resource) => auth.getToken({ resource });
    const tokens = await Promise.all([...resources, ...resources].map(ask));
    const again = await Promise.all(resources.map(ask));
    return { audiences: tokens.map(audience), same: again.every((token, i) => token === tokens[i]) };
  }, [apiUrl, other]);
  assert.deepEqual(audiences, { audiences: [apiUrl, other, apiUrl, other], same: true });
  assert.equal(stage.counts.grants.refresh_token, 2);
  // A part of the scope, for one of them; the grant keeps all of it.
  await stage.run((resource) => auth.getToken({ resource, scope: 'notes' }), apiUrl);
  await stage.run((resource) => auth.getToken({ resource, fresh: true }), other);
  await stage.run(() => auth.logout({ local: true }));
  assert.equal((await stage.refused((resource) => auth.getToken({ resource }), other)).code, 'login_required');
});

for (const alg of ALGORITHMS) {
  scenario(`D02: userinfo signed with ${alg} by the provider is verified`, async (stage) => {
    await stage.signIn({ clientId: `alg-${alg}`, engine: 'whole' });
    const claims = await stage.run(() => auth.userinfo());
    assert.equal(claims.email, 'ada@example.com');
    assert.ok(stage.counts.where({ kind: 'userinfo', status: 200 }).length === 1);
  });
}
