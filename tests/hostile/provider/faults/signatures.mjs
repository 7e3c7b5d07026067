// Signatures that are none, and those of somebody else.

import { createHmac } from 'node:crypto';
import { encode, forge, signature } from '../keys.mjs';

const signer = (sign) => ({ kind: 'token', sign });

/** Signs with the issuer's own key of this algorithm, honestly. */
export const signedWith = (alg) => ({ kind: ['token', 'jwks'], before: (provider) => { provider.algorithm = alg; } });

/** A header with these members, and a signature that fits it. */
export const header = (changes) =>
  signer(({ header, payload, key }) => {
    const other = Object.fromEntries(Object.entries({ ...header, ...changes }).filter(([, value]) => value !== undefined));
    return forge(other, payload, key);
  });

/** The header as text. */
export const rawHeader = (change) =>
  signer(({ header, payload, key }) => forge(change(JSON.stringify(header)), payload, key));

/** No signature, under any spelling of "none". */
export const unsigned = (alg) =>
  signer(({ header, payload }) => `${encode({ ...header, alg })}.${encode(payload)}.`);

/** An HMAC with a value everybody knows as its secret. */
export const hmac = (secretOf) =>
  signer(({ header, payload, key, provider }) => {
    const input = `${encode({ ...header, alg: 'HS256' })}.${encode(payload)}`;
    return `${input}.${createHmac('sha256', secretOf(key, provider)).update(input).digest('base64url')}`;
  });

/** The attacker's key; what the header says of it is up to the test. */
export const byEvil = (headerOf = (right) => right) =>
  signer(({ header, payload, provider }) => forge(headerOf(header, provider), payload, provider.keys.evil));

/** The issuer's key of this algorithm, whatever the header says. */
export const by = (alg, headerOf) =>
  signer(({ header, payload, provider }) => forge(headerOf(header), payload, provider.keys.honest[alg]));

/** The payload is changed after it was signed. */
export const changedPayload = () => ({
  kind: 'token',
  jws: (jws) => {
    const [head, body, sig] = jws.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    return [head, encode({ ...claims, name: 'Mallory' }), sig].join('.');
  },
});

/** One bit of the signature. */
export const changedSignature = () => ({
  kind: 'token',
  jws: (jws) => {
    const [head, body, sig] = jws.split('.');
    const bytes = Buffer.from(sig, 'base64url');
    bytes[bytes.length >> 1] ^= 1;
    return [head, body, bytes.toString('base64url')].join('.');
  },
});

/** ECDSA in other forms than 64 octets of R and S. */
export const ecdsa = (form) => ({
  kind: ['token', 'jwks'],
  before: (provider) => { provider.algorithm = 'ES256'; },
  sign: ({ header, payload, key }) => {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${form(signature(input, key), () => signature(input, key, 'ES256-DER')).toString('base64url')}`;
  },
});

/** Any other text where the token should be. */
export const compact = (change) => ({ kind: 'token', jws: change });
