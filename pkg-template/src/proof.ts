// Headers for requests by other means than `auth.fetch`. A page loads this with the first of them.

import type { AskProof, Connection, TokenSource } from './core.js';
import { failure } from './errors.js';
import type { Operations } from './operations.js';
import type { ProofHeaders, ProofRequest } from './types.js';

/** What one request is sent with. A vault makes it of method and URL, and keeps the rest. */
export const proofFor = async (
  { url: to, nonce, token: own, method = 'GET' }: ProofRequest,
  { present }: Connection,
  token: TokenSource,
  call: Operations['call'],
): Promise<ProofHeaders> => {
  const url = String(to);
  if (typeof method !== 'string') throw failure('option_invalid', 'proof.method');
  try {
    new URL(url);
  } catch {
    throw failure('option_invalid', 'proof.url');
  }
  const ask: AskProof = (args, signal) => call('proof', { ...args, nonce, token: own }, signal);
  const { authorization, dpop } = present
    ? (await present(own === undefined ? token : () => ({ token: own, serial: 0 }), ask)({ method, url }))!
    : ((await call('proof', { method, url, nonce, token: own })) as unknown as ProofHeaders);
  return dpop ? { authorization, dpop } : { authorization };
};
