import type { AuthErrorInit } from '../errors.js';
import { isAuthError, messageOf } from '../errors.js';

type VaultCode = 'vault_mismatch' | 'vault_version' | 'vault_message';

// A page learns these from its vault, and need not carry them.
const table: Record<VaultCode, string> = {
  vault_mismatch: 'Give every page the same options: the first ones a vault gets are those it keeps. Another name for the worker makes another vault.',
  vault_version: 'Another release of Tokenward is in this worker: close the other tabs, or give the worker another name.',
  vault_message: 'Talk to the vault through the client only: it got a message that it does not know, a wrong one, or too many.',
};

/** A refusal of the vault. */
export const refusal = (code: VaultCode, path?: string): AuthErrorInit => ({
  code,
  phase: 'vault',
  retryable: false,
  message: messageOf(code, path),
  hint: table[code],
  ...(path !== undefined && { path }),
});

/** An error as it can travel. Of one that is not ours, nothing but the words of the browser. */
export const toRecord = (error: unknown): AuthErrorInit | { message: string } => {
  if (!isAuthError(error)) return { message: error instanceof Error ? error.message : 'it failed' };
  const { code, phase, retryable, hint, path, oauthError, description, status } = error;
  const record = { code, phase, retryable, hint, message: error.message.slice(0, -hint.length - 2) } as AuthErrorInit;
  return Object.assign(record, path && { path }, oauthError && { oauthError }, description && { description }, status && { status });
};
