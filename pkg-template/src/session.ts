import type { SessionRecord } from './core.js';
import { fromRecord, type AuthError } from './errors.js';

/**
 * - `signed-out`: nobody is signed in.
 * - `signing-in`: a login was begun and is not finished.
 * - `signed-in`: somebody is signed in. While the server cannot be reached the access token may be past its life;
 *   see {@link Session.renewal}.
 * - `refreshing`: as `signed-in`, and a new token is on its way.
 * - `expired`: the session ended without the user's doing; {@link Session.lastError} tells why. Only a login helps.
 */
export type SessionStatus = 'signed-out' | 'signing-in' | 'signed-in' | 'refreshing' | 'expired';

/**
 * - `live`: tokens are renewed by themselves or on demand.
 * - `waiting-for-network`: a renewal is due; it happens as soon as the server can be reached. The session is kept.
 * - `ended`: nothing will be renewed; there is no refresh token, or the server ended the session.
 */
export type Renewal = 'live' | 'waiting-for-network' | 'ended';

/** Where tokens are: in the page's memory, in a worker of the page, or in one that all tabs share. */
export type VaultKind = 'page' | 'worker' | 'shared-worker';

/**
 * - `memory`: the session is gone when the page is.
 * - `sealed`: it is kept, encrypted, for a reload and for the other tabs.
 */
export type Persistence = 'memory' | 'sealed';

/** What {@link AuthClient.on} can listen to. */
export type EventType =
  | 'signed-in'
  | 'renewed'
  | 'renewal-failed'
  | 'signed-out'
  | 'session-expired'
  | 'elsewhere'
  | 'monitoring-ended'
  | 'step-up-needed';

/**
 * Claims about the user: of the verified ID token (OIDC Core 2) or of the userinfo answer (5.3). Only `sub` is
 * certain; the types of the others are what the specification says they are, not what was checked.
 */
export interface Claims {
  /** The user, unique at this issuer and never given to another. */
  readonly sub: string;
  /** Full name for display. */
  readonly name?: string;
  /** The name the user wishes to be called by; not unique. */
  readonly preferred_username?: string;
  /** E-mail address; see `email_verified` before relying on it. */
  readonly email?: string;
  /** Whether the server has proof that the address is the user's. */
  readonly email_verified?: boolean;
  /** Address of a picture of the user. */
  readonly picture?: string;
  /** Any other claim. */
  readonly [claim: string]: unknown;
}

/** What a user has allowed in detail (RFC 9396 2): its `type` says what the other members mean. */
export interface AuthorizationDetail {
  /** The kind of authorization. */
  readonly type: string;
  /** Any other member. */
  readonly [member: string]: unknown;
}

/** A frozen snapshot of the session. A change makes a new one, so `===` tells whether anything changed. */
export interface Session {
  /** Where the session stands. */
  readonly status: SessionStatus;
  /** Claims of the verified ID token; `null` when nobody is signed in or `openid` was not asked for. */
  readonly claims: Claims | null;
  /**
   * What was granted in detail, as the server says it (RFC 9396 7): less than was asked for, more of it, or other types
   * that it made of the scope. `null` when it says nothing.
   */
  readonly authorizationDetails: readonly AuthorizationDetail[] | null;
  /** The scope of the access token, space-separated (RFC 6749 3.3); `null` when nobody is signed in. */
  readonly scope: string | null;
  /** End of the access token's life in milliseconds as `Date.now()` counts; `null` when unknown or signed out. */
  readonly expiresAt: number | null;
  /** When the tokens are renewed by themselves, counted like `expiresAt`; `null` when that is not planned. */
  readonly renewsAt: number | null;
  /**
   * When the server ends the session, whatever is renewed meanwhile, counted like `expiresAt`; known only with the
   * option `sessionLifetime`. Ask for a new login before it, at a moment that suits the user.
   */
  readonly endsAt: number | null;
  /** Whether tokens will be renewed. */
  readonly renewal: Renewal;
  /** `DPoP`: the access token is bound to a key of this client (RFC 9449). `null` when nobody is signed in. */
  readonly tokenType: 'Bearer' | 'DPoP' | null;
  /** Why the last login or renewal failed; `null` after one that succeeded. */
  readonly lastError: AuthError | null;
  /** Where the tokens of this client are. */
  readonly vault: VaultKind;
  /** How the session is kept: as the option says, or `memory` where the browser does not let it be sealed. */
  readonly persistence: Persistence;
}

/** A session of nobody. */
export const signedOut = (lastError: AuthError | null, vault: VaultKind): Session =>
  Object.freeze({
    status: 'signed-out',
    claims: null,
    authorizationDetails: null,
    scope: null,
    expiresAt: null,
    renewsAt: null,
    endsAt: null,
    renewal: 'ended',
    tokenType: null,
    lastError,
    vault,
    persistence: 'memory',
  });

const deepFreeze = (value: unknown): void => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The value that is there, if the fresh one says the same. */
const keep = <T>(fresh: T, known: T): T => {
  if (same(fresh, known)) return known;
  deepFreeze(fresh);
  return fresh;
};

/** Turns the engine's records into snapshots, keeping the identity of whatever did not change. */
export const createSnapshots = (): ((record: SessionRecord, current: Session) => Session) => {
  let last: SessionRecord | undefined;
  return (record, current) => {
    const previous = last;
    last = record;
    if (previous && same(previous, record)) return current;
    const { claims, authorizationDetails = null, lastError } = record;
    return Object.freeze({
      ...current,
      ...record,
      claims: keep(claims as Claims | null, current.claims),
      authorizationDetails: keep(authorizationDetails as Session['authorizationDetails'], current.authorizationDetails),
      lastError:
        lastError && (previous && same(previous.lastError, lastError) ? current.lastError : fromRecord(lastError)),
    });
  };
};
