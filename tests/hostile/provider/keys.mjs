// Keys, and signatures over whatever one likes.

import { constants, sign as rawSign, KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, CompactSign, exportJWK, exportSPKI, generateKeyPair } from 'jose';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** `honest`: the issuer's own, by algorithm. `evil`: the attacker's, in no set of the issuer. */
export async function generateKeys() {
  const [evil, ...own] = await Promise.all(['RS256', ...ALGORITHMS].map(make));
  return { honest: Object.fromEntries(ALGORITHMS.map((alg, index) => [alg, own[index]])), evil };
}

export async function make(alg) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = (await calculateJwkThumbprint(jwk)).slice(0, 12);
  const publicJwk = { ...jwk, kid, use: 'sig', alg };
  return { alg, kid, privateKey, publicKey, publicJwk, pem: await exportSPKI(publicKey) };
}

export const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const decode = (part) => Buffer.from(part, 'base64url').toString();

/** An honest signature, by jose. */
export const sign = (header, payload, key) =>
  new CompactSign(Buffer.from(payload)).setProtectedHeader(header).sign(key.privateKey);

/** The octets of a signature over any text: for headers that jose rightly refuses to sign. */
export function signature(input, key, alg = key.alg) {
  const data = Buffer.from(input);
  const secret = KeyObject.from(key.privateKey);
  switch (alg) {
    case 'RS256': return rawSign('sha256', data, secret);
    case 'PS256': return rawSign('sha256', data, { key: secret, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    case 'ES256': return rawSign('sha256', data, { key: secret, dsaEncoding: 'ieee-p1363' });
    case 'ES256-DER': return rawSign('sha256', data, { key: secret, dsaEncoding: 'der' });
    default: return rawSign(null, data, secret);
  }
}

/** A compact JWS with any header. */
export function forge(header, payload, key, alg) {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signature(input, key, alg).toString('base64url')}`;
}
