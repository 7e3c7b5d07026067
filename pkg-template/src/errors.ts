import type { ErrorRecord } from './core.js';
import type { AuthErrorCode, AuthErrorPhase } from './error-codes.js';

/** What an {@link AuthError} is made of; useful to make one in a test. */
export interface AuthErrorInit {
  /** What went wrong. */
  code: AuthErrorCode;
  /** Where in a session's life. */
  phase: AuthErrorPhase;
  /** Whether the same call can succeed later without anything being changed. */
  retryable: boolean;
  /** The short text in front of the hint. */
  message: string;
  /** What to do about it. */
  hint: string;
  /** Which option, argument, member or claim. */
  path?: string;
  /** The server's `error` code. */
  oauthError?: string;
  /** The server's `error_description`. */
  description?: string;
  /** The HTTP status of the server's answer. */
  status?: number;
}

// Found by its global key, so that an error of another copy of the package is recognised too.
const brand = /*#__PURE__*/ Symbol.for('tokenward.AuthError');

/**
 * The one error class of Tokenward. Decide on {@link AuthError.code}, show or log the message: it holds no
 * token and no text of a server. Recognise it with {@link isAuthError}, because `instanceof` fails when a
 * bundle holds two copies of the package.
 */
export class AuthError extends Error {
  /** What went wrong, from a closed list. */
  readonly code: AuthErrorCode;
  /** Where in a session's life. */
  readonly phase: AuthErrorPhase;
  /** Whether the same call can succeed later without anything being changed. */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly hint: string;
  /** Which option, argument, member, claim or origin is meant, as `metadata.issuer`. */
  readonly path: string | undefined;
  /** The server's `error` code (RFC 6749 4.1.2.1 and 5.2): outside text, at most 256 printable characters. */
  readonly oauthError: string | undefined;
  /** The server's `error_description`: outside text, at most 256 printable characters. */
  readonly description: string | undefined;
  /** The HTTP status of the server's answer. */
  readonly status: number | undefined;

  /** Made by Tokenward; an app makes one only in its tests. */
  constructor(init: AuthErrorInit, options?: ErrorOptions) {
    super(`${init.message}: ${init.hint}`, options);
    this.name = 'AuthError';
    this.code = init.code;
    this.phase = init.phase;
    this.retryable = init.retryable;
    this.hint = init.hint;
    this.path = init.path;
    this.oauthError = init.oauthError;
    this.description = init.description;
    this.status = init.status;
    Object.defineProperty(this, brand, { value: true });
  }
}

/**
 * Whether `value` is an {@link AuthError}, of this copy of the package or of another.
 *
 * @example
 * ```ts
 * try {
 *   await auth.getToken();
 * } catch (error) {
 *   if (isAuthError(error) && error.code === 'login_required') await auth.login();
 *   else throw error;
 * }
 * ```
 */
export const isAuthError = (value: unknown): value is AuthError =>
  typeof value === 'object' && value !== null && brand in value;

/** What goes in front of the hint. */
export const messageOf = (code: string, path?: string): string => (path === undefined ? code : `${code} (${path})`);

/** The error the engine described. */
export const fromRecord = (record: ErrorRecord, options?: ErrorOptions): AuthError =>
  new AuthError({ ...record, message: messageOf(record.code, record.path) } as AuthErrorInit, options);

type OwnCode = Extract<
  AuthErrorCode,
  | 'option_unknown'
  | 'option_invalid'
  | 'environment_unsupported'
  | 'engine_load_failed'
  | 'engine_failed'
  | 'client_disposed'
  | 'aborted'
  | 'popup_blocked'
  | 'login_timed_out'
  | 'api_not_allowed'
  | 'api_redirected'
  | 'token_hidden'
>;

// The errors that arise outside the engine; where it knows a code too, the rows are the same.
const table: Record<OwnCode, readonly [AuthErrorPhase, hint: string, retryable?: true]> = {
  option_unknown: ['options', 'Remove the option or correct its name.'],
  option_invalid: ['options', 'Correct the value of the option.'],
  environment_unsupported: [
    'engine',
    'Create the client in a browser page with https (or localhost): WebAssembly and crypto.subtle are needed.',
  ],
  engine_load_failed: [
    'engine',
    "Add 'wasm-unsafe-eval' to script-src of the page's CSP; with tokenward/slim, check the address of tokenward.wasm.",
    true,
  ],
  engine_failed: ['engine', 'Create a new client, and report this: it is a bug in Tokenward.'],
  client_disposed: ['engine', 'Create a new client.'],
  aborted: ['session', 'The caller gave up; nothing else changed.'],
  popup_blocked: ['login', 'Call login in the handler of a click, or ask the user to allow popups for this page.', true],
  login_timed_out: [
    'login',
    "Nothing came back in time: check that redirectUri calls createClient or relay, and the page's CSP (frame-src); or raise timeout.",
    true,
  ],
  api_not_allowed: ['api', "Add the API's URL to the option apis, or use the global fetch for it."],
  token_hidden: ['session', 'The option exposeAccessToken is false: use fetch of the client.'],
  api_redirected: ['api', 'Call the final address: a redirect is not followed, because browsers may send the token along.'],
};

/** What such an error is made of: as a record it can travel. */
export const describe = (code: OwnCode, path?: string): AuthErrorInit => {
  const [phase, hint, retryable = false] = table[code];
  return { code, phase, retryable, message: messageOf(code, path), hint, ...(path !== undefined && { path }) };
};

/** An error that arises outside the engine. */
export const failure = (code: OwnCode, path?: string, options?: ErrorOptions): AuthError =>
  new AuthError(describe(code, path), options);
