// The wasm boundary as the facade sees it. A client talks to a Core and never asks what is behind it.

import type { EventType, Persistence, SessionStatus, Renewal, VaultKind } from './session.js';
import type { Limit } from './limit.js';
import type { AuthClient, DeviceCode, ExchangedToken } from './types.js';
import type { verify } from './verify.js';

/** An error as the engine describes it. */
export interface ErrorRecord {
  code: string;
  phase: string;
  retryable: boolean;
  path?: string;
  /** Of an option that does not exist: what stands in front of the names, and the names there are. */
  known?: string;
  oauthError?: string;
  description?: string;
  status?: number;
}

/** The session as the engine describes it. */
export interface SessionRecord {
  status: SessionStatus;
  claims: Record<string, unknown> | null;
  authorizationDetails?: unknown;
  scope: string | null;
  expiresAt: number | null;
  renewsAt: number | null;
  endsAt: number | null;
  renewal: Renewal;
  tokenType: 'Bearer' | 'DPoP' | null;
  lastError: ErrorRecord | null;
  persistence: Persistence;
}

/** A record of own properties only: what may cross the boundary. */
export type Plain = Record<string, unknown>;

/** The engine's operations and what each settles with. */
export interface Calls {
  login: { url: string };
  handleRedirect: { returnTo: string | null } | null;
  getToken: { token: string; serial: number };
  /** What a request of the app is sent with; `undefined`: the answer it got is the result. */
  proof: ({ token: string; key: string | null } & ProofTerms) | undefined;
  /** `undefined`: the challenge asks for no step-up. */
  stepUp: { acrValues: string; maxAge: number | null; scope: string | null; met: boolean } | undefined;
  userinfo: Record<string, unknown>;
  logout: { url: string | null } | undefined;
  revoke: undefined;
  restore: undefined;
  loginWithDevice: { returnTo: null };
  exchangeToken: ExchangedToken;
}

/** What the engine wants to hear again with the answer of a request. */
export interface ProofTerms {
  serial: number;
  nonce: string | null;
  tries: number;
  renewed: boolean;
}

/** What a request of the app is sent with. */
export interface Pass {
  authorization: string;
  dpop?: string;
  terms: unknown;
}

/**
 * Gives what a request is sent with; after an answer, what it is to be sent with again, if it is. `last`: it cannot be
 * sent again.
 */
export type Presenter = (
  request: { method: string; url: string; signal?: AbortSignal },
  sent?: Pass,
  response?: Response,
  last?: boolean,
) => Promise<Pass | undefined>;

/** One client's engine, wherever it is: one session. */
export interface Core {
  /** Starts operation `op`; it settles exactly once through `host.settle`, maybe before this returns. */
  call(op: number, name: keyof Calls, args: Plain | undefined): void;
  /** Gives up waiting: `op` settles with code 'aborted'. What was sent goes on. */
  cancel(op: number): void;
  /** Settles everything with 'client_disposed', stops timers and listeners. */
  dispose(): void;
}

/** The engine itself, in this realm. */
export interface Engine extends Core {
  /** The answer to `host.keep`, exactly one for each. */
  kept(job: number, word: KeepWord, record?: string | undefined, revision?: string | undefined): void;
  /** What is kept may have been changed by another tab: the engine looks for itself, now or soon. */
  hint(): void;
  /** Time may have passed unnoticed, or the network changed; see `shell.ts`. */
  happened(what: number): void;
}

/** Pending logins are stored and taken by their state; the other verbs mean the one session record. */
export type KeepVerb = 'store' | 'take' | 'load' | 'save' | 'remove' | 'lock' | 'unlock';

/**
 * The key of a pending login is made and found again under its state; without one, it is for use at once. The record of
 * `make-key` is the JWS algorithm; `done` without a record: it cannot be kept for the login. That of a sealed session is kept and dropped under its thumbprint, as job 0, which is not answered.
 */
export type KeyVerb = 'make-key' | 'take-key' | 'keep-key' | 'drop-key';

/**
 * How a job of the keeper went. `busy`: somebody else holds the lock. `conflict`: another record is there than the
 * one to be replaced or removed, or none; what is there comes along. `failed`: no storage, or none that works.
 */
export type KeepWord = 'done' | 'busy' | 'conflict' | 'failed';

/** What the engine calls. None of these may throw or run an app's code. */
export interface Host {
  settle(op: number, ok: boolean, value: unknown): void;
  /** An operation waits for the user, who needs this. */
  code(op: number, code: DeviceCode): void;
  session(snapshot: SessionRecord): void;
  /** `lifetime` in ms, NaN when unknown; `wall` and `mono` are the clocks at the token request. */
  token(token: string | undefined, serial: number, lifetime: number, wall: number, mono: number): void;
  event(type: EventType, detail: ErrorRecord | undefined): void;
  cleanUrl(url: string): void;
  /** The engine panicked: nothing of it can be used any more. */
  poison(cause: unknown): void;
}

/** What the engine itself calls. */
export interface EngineHost extends Host {
  /**
   * Keeps or gives what outlives the engine's memory; answered by `engine.kept`, later or at once. `over`: the
   * revision that may be replaced or removed, any when undefined. `unlock` is job 0 and is not answered. Pending
   * logins of a page are kept in its sessionStorage, and do not come here.
   */
  keep(job: number, verb: KeepVerb | KeyVerb, key: string, record: string | undefined, over: string | undefined): void;
  /** A DPoP proof by a key that was made before; rejects when it is gone. */
  prove?(key: string, method: string, url: string, nonce?: string, token?: string): Promise<string>;
}

/** What the engine has JavaScript do for it, because that is said there in fewer octets. */
export interface Means extends EngineHost {
  /** Wakes the engine up after so many ms; replaces what was asked for before. Negative: not at all. */
  wake(after: number): void;
  /** The engine is over: nothing is listened to any more. */
  rest(): void;
  limit(time: number): Limit;
  verify: typeof verify;
}

/** What the engine learns about the page. */
export interface Environment {
  pageUrl?: string;
}

/** The class the wasm module exports. Throws an {@link ErrorRecord} when an option is wrong. */
export type CoreClass = new (options: Plain, environment: Environment, host: Means) => Engine;

/** Makes the engine of one client. Rejects with an ErrorRecord when an option is wrong. */
export type Start = (options: Plain, environment: Environment, host: EngineHost) => Promise<Engine>;

/** The live token, or another than the one an API refused. */
export type TokenSource = (
  args?: Plain,
  signal?: AbortSignal,
) => Calls['getToken'] | Promise<Calls['getToken']>;

/** Asks the engine what a request of the app is sent with. */
export type AskProof = (args: Plain, signal?: AbortSignal) => Promise<Calls['proof']>;

/** An engine, wherever it is. */
export interface Connection {
  core: Core;
  /** Where the tokens are. */
  kind: VaultKind;
  /** Makes `auth.fetch`. Only one in the page needs to be given tokens. */
  fetch(token: TokenSource, ask: AskProof): AuthClient['fetch'];
  /** What requests by other means are sent with. Only in the page. */
  present?(token: TokenSource, ask: AskProof): Presenter;
}

/** Connects a client with its engine. Rejects as {@link Start} does. */
export type Connect = (options: Plain, environment: Environment, host: Host) => Promise<Connection>;
