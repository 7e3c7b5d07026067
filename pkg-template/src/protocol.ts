// What a page and its vault say to each other. PROTOCOL.md describes it.

import type { Calls, ErrorRecord, Plain, SessionRecord } from './core.js';
import type { EventType } from './session.js';
import type { DeviceCode } from './types.js';

/** Grows with every change that the other side must know of. */
export const VERSION = 1;

/** No vault, or none that has a place. Here, for only pages with a vault and vaults need it. */
export const unavailable: ErrorRecord = { code: 'vault_unavailable', phase: 'vault', retryable: true };

/** The one message to the worker itself, with a port that everything else goes through. */
export interface Hello {
  tokenward: number;
  options: Plain;
  pageUrl: string;
}

/** Why a page asks for a sign of life: what happened to it that a worker cannot see. */
export type Wake = 'restored' | 'shown' | 'online' | 'waiting';

/** From a page to its vault. */
export type ToVault =
  | [verb: 'call', op: number, name: keyof Calls, args: Plain | undefined]
  | [verb: 'cancel', op: number]
  /** With a port of the request's own, which speaks {@link RequestToVault} and {@link RequestToPage}. */
  | [verb: 'fetch', head: RequestHead, body: RequestBody]
  | [verb: 'wake', why: Wake]
  | [verb: 'pong']
  /** The page goes on with another port. */
  | [verb: 'bye']
  /** The page's client is disposed of. */
  | [verb: 'dispose'];

/** From a vault to a page. */
export type ToPage =
  | [verb: 'welcome', version: number]
  | [verb: 'refuse', error: ErrorRecord]
  | [verb: 'settle', op: number, ok: boolean, value: unknown]
  | [verb: 'session', session: SessionRecord]
  | [verb: 'event', type: EventType, error: ErrorRecord | undefined]
  /** `age` in ms: the clock it was measured with begins elsewhere. Nothing: forget what you were given. */
  | [verb: 'token', token?: string, serial?: number, lifetime?: number, wall?: number, age?: number]
  | [verb: 'code', op: number, code: DeviceCode]
  | [verb: 'cleanUrl', url: string]
  | [verb: 'ping' | 'pong' | 'dropped' | 'poison'];

/** `true`: a stream. A list: the entries of a form, which the vault writes down. */
export type RequestBody = string | Blob | [name: string, value: string | Blob][] | true | undefined;

/** A request of `auth.fetch`, in the words of Fetch. */
export interface RequestHead {
  url: string;
  method: string;
  headers: [string, string][];
  mode: RequestMode;
  credentials: RequestCredentials;
  cache: RequestCache;
  redirect: RequestRedirect;
  referrer: string;
  referrerPolicy: ReferrerPolicy;
  integrity: string;
  keepalive: boolean;
}

/** Its answer without the body. */
export interface ResponseHead {
  status: number;
  statusText: string;
  headers: [string, string][];
  url: string;
  redirected: boolean;
  type: ResponseType;
  /** Whether a body follows. */
  body: boolean;
}

/** A piece of a body, in either direction; each one is asked for with `pull`. */
export type Piece = [verb: 'pull'] | [verb: 'chunk', bytes: Uint8Array<ArrayBuffer>] | [verb: 'end'];

/** On the port of one request, from the page. */
export type RequestToVault = Piece | [verb: 'fail'] | [verb: 'abort'];

/** On the port of one request, from the vault. */
export type RequestToPage = Piece | [verb: 'head', head: ResponseHead] | [verb: 'fail', error: ErrorRecord | { message: string }];
