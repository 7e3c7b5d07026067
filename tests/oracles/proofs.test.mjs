// Proofs of possession (RFC 9449) of the package that ships, as others read them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { CLIENT, ISSUER, metadata } from './ours.mjs';

const { keepKey, prove } = await import(new URL('../../pkg/dist/dpop.js', import.meta.url));

const API = 'https://api.example.com/notes';
const signer = await jose.generateKeyPair('ES256');
const key = { ...(await jose.exportJWK(signer.publicKey)), alg: 'ES256', use: 'sig', kid: 'server' };

/** An access token (RFC 9068) bound to a key. */
const tokenFor = (jkt) =>
  new jose.SignJWT({ iss: ISSUER, aud: API, sub: 'alice', client_id: CLIENT, jti: 'j', cnf: { jkt } })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'server' })
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(signer.privateKey);

/** The claims that oauth4webapi reads from a request. */
const judged = (token, proof, url = API) =>
  oauth.validateJwtAccessToken(metadata, new Request(url, { headers: { authorization: `DPoP ${token}`, dpop: proof } }), API, {
    requireDPoP: true,
    [oauth.customFetch]: async () => Response.json({ keys: [key] }),
  });

for (const alg of ['ES256', 'Ed25519', 'EdDSA']) {
  test(`a proof by ${alg} is taken by oauth4webapi, for its request, token and key only`, async () => {
    const [name, other] = [await keepKey('make-key', '', alg), await keepKey('make-key', '', alg)];
    const token = await tokenFor(name);
    const claims = await judged(token, await prove(name, 'GET', `${API}?page=2#x`, null, token), `${API}?page=2`);
    assert.equal(claims.cnf.jkt, name);
    for (const proof of [
      await prove(other, 'GET', API, null, token),
      await prove(name, 'POST', API, null, token),
      await prove(name, 'GET', `${API}/1`, null, token),
      await prove(name, 'GET', API, null, `${token}x`),
    ]) {
      await assert.rejects(judged(token, proof));
    }
  });

  test(`a proof by ${alg} differs from the one of oauth4webapi in nothing but its key and its moment`, async () => {
    const ours = await prove(await keepKey('make-key', '', alg), 'POST', metadata.token_endpoint, 'n-1');
    const handle = oauth.DPoP({ client_id: CLIENT }, await crypto.subtle.generateKey(
      alg === 'ES256' ? { name: 'ECDSA', namedCurve: 'P-256' } : 'Ed25519', false, ['sign', 'verify'],
    ));
    let theirs;
    const ask = (DPoP) =>
      oauth.refreshTokenGrantRequest(metadata, { client_id: CLIENT }, oauth.None(), 'rt', {
        DPoP,
        [oauth.customFetch]: async (_url, { headers }) => {
          theirs = new Headers(headers).get('dpop');
          return new Response('{"error":"use_dpop_nonce"}', { status: 400, headers: { 'DPoP-Nonce': 'n-1', 'Content-Type': 'application/json' } });
        },
      });
    await oauth.processRefreshTokenResponse(metadata, { client_id: CLIENT }, await ask(handle)).catch(() => {});
    await ask(handle);
    const shape = (proof) => {
      const { alg: named, jwk, typ } = jose.decodeProtectedHeader(proof);
      const { jti: _, iat: __, ...rest } = jose.decodeJwt(proof);
      // It knows the newer name only.
      return { typ, alg: named.replace('EdDSA', 'Ed25519'), jwk: Object.keys(jwk).sort(), crv: jwk.crv, rest };
    };
    assert.deepEqual(shape(ours), shape(theirs));
  });
}
