import type { ErrorRecord } from './core.js';
import type { AuthErrorCode, AuthErrorPhase } from './error-codes.js';
import type { Explain } from './hints.js';
import { atHand } from './hints-at-hand.js';

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
  /** What to do about it. Left out, it is the one that belongs to the code. */
  hint?: string;
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

/** The hint until there is a better one, and where none can be loaded. */
const LATER = 'The README of tokenward says what to do.';

/** Milliseconds that a rejection waits for its hint. */
const PATIENCE = 1000;

let load: (() => Promise<{ explain: Explain }>) | undefined;
let explain: Explain | undefined;
let loading: Promise<void> | undefined;
const unexplained = /*#__PURE__*/ new Set<unknown>();

/** Where the part with the hints comes from. A vault says no more than codes, and has none. */
export const explainWith = (part: typeof load): void => {
  load = part;
};

const explainSoon = (error: AuthError): void => {
  if (explain) return explain(error);
  if (!load) return;
  unexplained.add(error);
  loading ??= load()
    .then(
      (part) => {
        explain = part.explain;
        unexplained.forEach((error) => part.explain(error as AuthError));
      },
      // Errors go without; the next one tries again.
      () => {},
    )
    .then(() => {
      unexplained.clear();
      loading = undefined;
    });
};

/** Makes a rejection wait for the hint of its error, where that is on its way. */
export const hinted =
  <Given extends unknown[], Result>(work: (...given: Given) => Promise<Result>) =>
  async (...given: Given): Promise<Result> => {
    try {
      return await work(...given);
    } catch (error) {
      if (unexplained.has(error)) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PATIENCE);
          // Nor is a process of Node kept alive by it.
          void loading?.then(() => resolve(clearTimeout(timer)));
        });
      }
      throw error;
    }
  };

/**
 * The one error class of Tokenward. Decide on {@link AuthError.code}, show or log the message: it holds no
 * token and no text of a server. Recognise it with {@link isAuthError}, because `instanceof` fails when a
 * bundle holds two copies of the package.
 */
export class AuthError extends Error {
  /** What went wrong, from a closed list. */
  declare readonly code: AuthErrorCode;
  /** Where in a session's life. */
  declare readonly phase: AuthErrorPhase;
  /** Whether the same call can succeed later without anything being changed. */
  declare readonly retryable: boolean;
  /**
   * What to do about it. Few pages ever need these texts, so they are loaded with the first error: a promise that rejects
   * waits for them, a second at most. An error in a snapshot or an event refers to the README until they are there.
   */
  declare readonly hint: string;
  /** Which option, argument, member, claim or origin is meant, as `metadata.issuer`. */
  declare readonly path: string | undefined;
  /** The server's `error` code (RFC 6749 4.1.2.1 and 5.2): outside text, at most 256 printable characters. */
  declare readonly oauthError: string | undefined;
  /** The server's `error_description`: outside text, at most 256 printable characters. */
  declare readonly description: string | undefined;
  /** The HTTP status of the server's answer. */
  declare readonly status: number | undefined;

  /** Made by Tokenward; an app makes one only in its tests. */
  constructor(init: AuthErrorInit, options?: ErrorOptions) {
    const hint = init.hint ?? atHand[init.code];
    const message = `${init.message}: ${hint ?? LATER}`;
    super(message, options);
    Object.assign(this, init, { name: 'AuthError', message, hint: hint ?? LATER });
    Object.defineProperty(this, brand, { value: true });
    if (hint === undefined) explainSoon(this);
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
  | 'monitoring_unavailable'
  | 'api_not_allowed'
  | 'api_redirected'
  | 'token_hidden'
>;

// The errors that arise outside the engine; where it knows a code too, the rows are the same.
const table: Record<OwnCode, readonly [AuthErrorPhase, retryable?: true]> = {
  option_unknown: ['options'],
  option_invalid: ['options'],
  environment_unsupported: ['engine'],
  engine_load_failed: ['engine', true],
  engine_failed: ['engine'],
  client_disposed: ['engine'],
  aborted: ['session'],
  popup_blocked: ['login', true],
  login_timed_out: ['login', true],
  monitoring_unavailable: ['session'],
  api_not_allowed: ['api'],
  token_hidden: ['session'],
  api_redirected: ['api'],
};

/** Such an error as a record, which can travel. */
export const describe = (code: OwnCode, path?: string): ErrorRecord => {
  const [phase, retryable = false] = table[code];
  return { code, phase, retryable, ...(path !== undefined && { path }) };
};

/** An error that arises outside the engine. */
export const failure = (code: OwnCode, path?: string, options?: ErrorOptions): AuthError =>
  fromRecord(describe(code, path), options);
