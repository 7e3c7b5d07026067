// The hostile provider itself: honest until it is told otherwise, judged by other implementations (oauth4webapi, jose),
// and each kind of fault does what its name says. A table of refusals proves nothing if the answers were broken anyway.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { injectedCode, parameters } from './provider/faults/authorization.mjs';
import { at, claims, replayed } from './provider/faults/claims.mjs';
import { atRefresh, once } from './provider/faults/fault.mjs';
import { lateBy, nameless } from './provider/faults/keysets.mjs';
import { metadata } from './provider/faults/metadata.mjs';
import * as sig from './provider/faults/signatures.mjs';
import { members, refuses } from './provider/faults/tokens.mjs';
import * as net from './provider/faults/transport.mjs';
import { startHostileProvider } from './provider/server.mjs';

const CLIENT = { client_id: 'e2e', token_endpoint_auth_method: 'none' };
const insecure = { [oauth.allowInsecureRequests]: true };

let provider;
before(async () => { provider = await startHostileProvider(); });
after(() => provider.stop());
beforeEach(() => provider.reset());

/** A whole login by an independent client. */
async function login() {
  const issuer = new URL(provider.issuer);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
  const verifier = oauth.generateRandomCodeVerifier();
  const nonce = oauth.generateRandomNonce();
  const asked = new URL(as.authorization_endpoint);
  asked.search = new URLSearchParams({
    client_id: 'e2e', redirect_uri: 'http://localhost:1/', response_type: 'code', scope: 'openid offline_access',
    state: 'state', nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const { headers } = await fetch(asked, { redirect: 'manual' });
  const params = oauth.validateAuthResponse(as, CLIENT, new URL(headers.get('location')), 'state');
  const response = await oauth.authorizationCodeGrantRequest(as, CLIENT, oauth.None(), params, 'http://localhost:1/', verifier, insecure);
  const tokens = await oauth.processAuthorizationCodeResponse(as, CLIENT, response, { expectedNonce: nonce, requireIdToken: true });
  await oauth.validateApplicationLevelSignature(as, response, insecure);
  return { as, tokens };
}

const refused = (pattern) => assert.rejects(login, pattern);

test('an honest server: an independent client signs in, refreshes, asks who it is', async () => {
  const { as, tokens } = await login();
  const again = await oauth.refreshTokenGrantRequest(as, CLIENT, oauth.None(), tokens.refresh_token, insecure);
  const renewed = await oauth.processRefreshTokenResponse(as, CLIENT, again);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  const who = await oauth.userInfoRequest(as, CLIENT, renewed.access_token, insecure);
  assert.equal((await oauth.processUserInfoResponse(as, CLIENT, 'ada', who)).sub, 'ada');
  // Reuse is found out, and ends the grant.
  for (const token of [tokens.refresh_token, renewed.refresh_token]) {
    const response = await oauth.refreshTokenGrantRequest(as, CLIENT, oauth.None(), token, insecure);
    await assert.rejects(oauth.processRefreshTokenResponse(as, CLIENT, response), { error: 'invalid_grant' });
  }
});

test('every algorithm it signs with is verified by jose', async () => {
  for (const alg of ['RS256', 'PS256', 'ES256', 'EdDSA']) {
    provider.reset();
    provider.does(sig.signedWith(alg));
    const { tokens } = await login().catch(() => ({}));
    const jws = tokens?.id_token;
    if (!jws) continue;
    const keys = createLocalJWKSet({ keys: provider.published.map(({ publicJwk }) => publicJwk) });
    const { protectedHeader } = await jwtVerify(jws, keys, { issuer: provider.issuer, audience: 'e2e' });
    assert.equal(protectedHeader.alg, alg);
  }
  assert.ok((await login()).tokens.id_token);
});

for (const [what, fault, pattern] of [
  ['another iss in the response', parameters({ iss: 'https://evil.example' }), /iss/],
  ['a lost state', parameters({ state: undefined }), /state/],
  ['an injected code', injectedCode(), { error: 'invalid_grant' }],
  ['another issuer in the token', claims({ iss: 'https://evil.example' }), /iss/],
  ['an expired token', at({ exp: -600 }), /exp/],
  ['a wrong nonce', claims({ nonce: 'x' }), /nonce/],
  ['an unsigned token', sig.unsigned('none'), /alg/],
  ['a changed payload', sig.changedPayload(), /signature/],
  ['the attacker\'s key', sig.byEvil(), /signature/],
  ['a foreign key set', lateBy(9), /key/],
  ['another issuer in the metadata', metadata({ issuer: 'https://evil.example/' }), /issuer/],
  ['a token answer without a token', members({ access_token: undefined }), /access_token/],
  ['an OAuth error', refuses('invalid_client', { status: 401 }), { error: 'invalid_client' }],
  ['HTML', net.portal('token'), /JSON|content-type|parse/i],
]) {
  test(`a fault that another client refuses too: ${what}`, async () => {
    provider.does(fault);
    await refused(pattern);
  });
}

test('faults compose, are counted, and end', async () => {
  provider.does(once(members({ expires_in: 1 })), atRefresh(members({ scope: 'x' })), claims({ a: 1 }), claims({ b: 2 }));
  const first = (await login()).tokens;
  assert.equal(first.expires_in, 1);
  const payload = JSON.parse(Buffer.from(first.id_token.split('.')[1], 'base64url'));
  assert.deepEqual([payload.a, payload.b], [1, 2]);
  assert.equal((await login()).tokens.expires_in, 600);
  provider.behaves();
  assert.equal(provider.faults.length, 0);
  assert.equal(provider.count('token', 'authorization_code'), 2);
});

test('signatures that are right over headers that are not', async () => {
  provider.does(nameless(['RS256']), sig.header({ kid: undefined, jku: `${provider.elsewhere}/jwks` }));
  const { tokens } = await login();
  const keys = createLocalJWKSet({ keys: provider.published.map(({ publicJwk: { kid, ...jwk } }) => jwk).filter(({ alg }) => alg === 'RS256') });
  const { protectedHeader } = await jwtVerify(tokens.id_token, keys);
  assert.equal(protectedHeader.jku, `${provider.elsewhere}/jwks`);
  assert.equal(provider.lured.length, 0);
});

test('ECDSA in other forms is no ECDSA to jose', async () => {
  const keys = createLocalJWKSet({ keys: provider.published.map(({ publicJwk }) => publicJwk) });
  for (const form of [(_, der) => der(), (bytes) => bytes.subarray(1), (bytes) => Buffer.concat([Buffer.alloc(32), bytes.subarray(32)])]) {
    provider.reset();
    let jws;
    provider.does(sig.ecdsa(form), sig.compact((text) => (jws = text)));
    await assert.rejects(login);
    await assert.rejects(jwtVerify(jws, keys), errors.JWSSignatureVerificationFailed);
  }
});

test('a replayed ID token is the first one', async () => {
  provider.does(replayed());
  const { tokens } = await login();
  await refused(/nonce/);
  assert.ok(tokens.id_token);
});

test('what the network does: drops, silence, a body without end, one without leave to read it', async () => {
  const ask = (options) => fetch(`${provider.origin}/jwks`, { headers: { origin: 'http://app.test' }, ...options });
  const fire = async (fault, work) => {
    provider.reset();
    provider.does(fault);
    return work();
  };
  await fire(net.drop('jwks'), () => assert.rejects(ask(), TypeError));
  await fire(net.drop('jwks', 'before'), () => assert.rejects(ask(), TypeError));
  await fire(net.silence('jwks'), async () => {
    const response = await ask({ signal: AbortSignal.timeout(300) });
    assert.equal(response.status, 200);
    await assert.rejects(response.text(), { name: 'TimeoutError' });
  });
  const counter = {};
  await fire(net.endless('jwks', counter), async () => {
    const reader = (await ask()).body.getReader();
    for (let length = 0; length < 1_000_000;) length += (await reader.read()).value.length;
    await reader.cancel();
    assert.ok(counter.sent >= 1_000_000);
  });
  await fire(net.padded('jwks', 1000), async () => assert.equal((await (await ask()).json()).keys.length, 4));
  await fire(net.noCors('jwks'), async () => assert.equal((await ask()).headers.get('access-control-allow-origin'), null));
  assert.equal((await ask()).headers.get('access-control-allow-origin'), null, 'still told so');
  provider.behaves();
  assert.equal((await ask()).headers.get('access-control-allow-origin'), 'http://app.test');
  await fire(net.redirected('jwks'), async () => {
    await ask();
    assert.equal(provider.lured.length, 1);
  });
});
