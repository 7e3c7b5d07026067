// Proofs of possession (RFC 9449 section 4.3) as the small API checks them: ES256, nothing else, with Node's own crypto.

import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';

const PROOF_LIFE = 60;

const hash = (text) => createHash('sha256').update(text).digest('base64url');

const part = (text) => JSON.parse(Buffer.from(text, 'base64url'));

/**
 * @param {object} options
 * @param {() => boolean} options.wantsNonce read at every use
 */
export function createProofs({ wantsNonce }) {
  const seen = new Set();
  let nonce = randomBytes(16).toString('base64url');

  return {
    /** The nonce that proofs must hold now. */
    get nonce() {
      return nonce;
    },

    /** From now on another one. */
    replaceNonce() {
      nonce = randomBytes(16).toString('base64url');
    },

    /** The thumbprint of the key behind a proof for this request, or `{ error }`. */
    check({ proof, method, url, token }) {
      try {
        const [head, body, signature] = proof.split('.');
        const { typ, alg, jwk } = part(head);
        const { jti, htm, htu, iat, ath, nonce: held } = part(body);
        const { kty, crv, x, y, d } = jwk;
        const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
        const signed = verify(
          'sha256',
          Buffer.from(`${head}.${body}`),
          { key, dsaEncoding: 'ieee-p1363' },
          Buffer.from(signature, 'base64url'),
        );
        const young = Math.abs(Date.now() / 1000 - iat) < PROOF_LIFE;
        const fits = typ === 'dpop+jwt' && alg === 'ES256' && kty === 'EC' && crv === 'P-256' && d === undefined
          && htm === method && htu === url && ath === hash(token) && young && typeof jti === 'string' && !seen.has(jti);
        if (!signed || !fits) return { error: 'invalid_dpop_proof' };
        if (wantsNonce() && held !== nonce) return { error: 'use_dpop_nonce' };
        seen.add(jti);
        return { key: hash(JSON.stringify({ crv, kty, x, y })) };
      } catch {
        return { error: 'invalid_dpop_proof' };
      }
    },
  };
}
