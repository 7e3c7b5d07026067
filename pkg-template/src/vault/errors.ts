import type { ErrorRecord } from '../core.js';
import { isAuthError } from '../errors.js';

/** A refusal of the vault. */
export const refusal = (code: 'vault_mismatch' | 'vault_version' | 'vault_message', path?: string): ErrorRecord => ({
  code,
  phase: 'vault',
  retryable: false,
  ...(path !== undefined && { path }),
});

/** An error as it can travel: its page knows the hint. Of one that is not ours, nothing but the words of the browser. */
export const toRecord = (error: unknown): ErrorRecord | { message: string } => {
  if (!isAuthError(error)) return { message: error instanceof Error ? error.message : 'it failed' };
  const { code, phase, retryable, path, oauthError, description, status } = error;
  const record: ErrorRecord = { code, phase, retryable };
  return Object.assign(record, path && { path }, oauthError && { oauthError }, description && { description }, status && { status });
};
