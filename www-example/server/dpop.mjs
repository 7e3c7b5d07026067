// Proofs of possession (RFC 9449 section 4.3) as the small API checks them: ES256 and Ed25519, with Node's own crypto.

import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';

const PROOF_LIFE = 60;

const hash = (text) => createHash('sha256').update(text).digest('base64url');

/** What goes with an algorithm: its key, the hash that `verify` wants, the members of the thumbprint (RFC 7638, RFC 8037). */
const OKP = { kty: 'OKP', crv: 'Ed25519', hash: null, members: ['crv', 'kty', 'x'] };
const ALGORITHMS = {
  ES256: { kty: 'EC', crv: 'P-256', hash: 'sha256', members: ['crv', 'kty', 'x', 'y'] },
  Ed25519: OKP,
  EdDSA: OKP,
};

const part = (text) => JSON.parse(Buffer.from(text, 'base64url'));

/** As a challenge names them. */
export const PROOF_ALGORITHMS = Object.keys(ALGORITHMS).join(' ');

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
        const known = ALGORITHMS[alg];
        const members = Object.fromEntries(known.members.map((name) => [name, jwk[name]]));
        const key = createPublicKey({ key: members, format: 'jwk' });
        const signed = verify(
          known.hash,
          Buffer.from(`${head}.${body}`),
          { key, dsaEncoding: 'ieee-p1363' },
          Buffer.from(signature, 'base64url'),
        );
        const young = Math.abs(Date.now() / 1000 - iat) < PROOF_LIFE;
        const fits = typ === 'dpop+jwt' && jwk.kty === known.kty && jwk.crv === known.crv && jwk.d === undefined
          && htm === method && htu === url && ath === hash(token) && young && typeof jti === 'string' && !seen.has(jti);
        if (!signed || !fits) return { error: 'invalid_dpop_proof' };
        if (wantsNonce() && held !== nonce) return { error: 'use_dpop_nonce' };
        seen.add(jti);
        return { key: hash(JSON.stringify(members)) };
      } catch {
        return { error: 'invalid_dpop_proof' };
      }
    },
  };
}
