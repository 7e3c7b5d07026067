// Signing keys, fresh for every start: RS256 by name, one RSA key for the other RSA algorithms, P-256, P-384
// and Ed25519, so that a test can register a client for each algorithm.

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

/** @returns {Promise<{ keys: object[] }>} a private JSON Web Key Set */
export async function generateKeys() {
  const pairs = await Promise.all([
    generate('rsa', { modulusLength: 2048 }),
    generate('rsa', { modulusLength: 2048 }),
    generate('ec', { namedCurve: 'P-256' }),
    generate('ec', { namedCurve: 'P-384' }),
    generate('ed25519'),
  ]);
  const keys = pairs.map(({ privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), use: 'sig' }));
  keys[0].alg = 'RS256';
  return { keys };
}

/** What the keys can sign; a client picks with `id_token_signed_response_alg`. */
export const SIGNING_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA', 'Ed25519',
];
