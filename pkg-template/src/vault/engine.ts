// The engine of a vault: one for all pages, with its tokens and its `fetch`.

import { parseUrl, readApis } from '../apis.js';
import type { Calls, Host, Plain, SessionRecord, Start } from '../core.js';
import { proving, withKeys } from '../dpop.js';
import { describe, failure, fromRecord } from '../errors.js';
import type { ErrorRecord } from '../core.js';
import { bearer, createFetch } from '../fetch.js';
import type { Keeper, KeeperOptions } from '../keeper.js';
import { take } from '../options.js';
import type { ToPage } from '../protocol.js';
import { createTokenAtHand } from '../token.js';
import type { AuthClient, DeviceCode, ProofHeaders } from '../types.js';
import { isBound } from '../whole.js';
import { withKeeper } from '../with-keeper.js';
import { toRecord } from './errors.js';
import { LEFT_FOR } from './limits.js';

/** Hears how an operation went. */
type Settled = (ok: boolean, value: unknown) => void;

/** What pages are served with. */
export interface VaultEngine {
  /** Whether the token may be given to a page. */
  readonly exposed: boolean;
  /** The last snapshot. */
  session(): SessionRecord | undefined;
  /**
   * Starts an operation; `clean` hears which address the page of a login's answer is to show, `shown` what its user needs
   * to know.
   */
  call(
    name: keyof Calls,
    args: Plain | undefined,
    settled: Settled,
    clean: (url: string) => void,
    shown: (code: DeviceCode) => void,
  ): number;
  cancel(op: number): void;
  /** What a page must know of a token beside it, if it is the session's own and not a narrowed one. */
  measure(token: Calls['getToken']): ToPage | undefined;
  fetch: AuthClient['fetch'];
  dispose(): void;
}

/** `tell`: all pages. `ended`: the engine failed, and another one is needed. */
export const createEngine = async (
  start: Start,
  options: Plain,
  pageUrl: string,
  keeperOf: (options: KeeperOptions) => Keeper,
  tell: (message: ToPage) => void,
  ended: () => void,
): Promise<VaultEngine> => {
  const allowed = readApis(take(options, 'apis'), new URL(pageUrl).hostname);
  const exposed = take(options, 'exposeAccessToken') ?? true;
  if (typeof exposed !== 'boolean') throw failure('option_invalid', 'exposeAccessToken');
  const bound = isBound(options.dpop);
  const waiting = new Map<number, Settled>();
  const codes = new Map<number, (code: DeviceCode) => void>();
  const redirects = new Map<number, { url: string; clean: (url: string) => void }>();
  const atHand = createTokenAtHand(typeof options.minValidity === 'number' ? options.minValidity : 10);
  let session: SessionRecord | undefined;
  let given: Parameters<Host['token']> = [undefined, 0, NaN, 0, 0];
  let last = 0;
  let entered = 0;
  let over = false;

  const poison = () => {
    if (over) return;
    over = true;
    for (const settled of [...waiting.values()]) settled(false, describe('engine_failed'));
    tell(['poison']);
    ended();
  };
  const host: Host = {
    settle: (op, ok, value) => waiting.get(op)?.(ok, value),
    code: (op, code) => codes.get(op)?.(code),
    session: (record) => tell(['session', (session = record)]),
    token: (...token) => {
      given = token;
      atHand.set(...token);
      // Whoever needs the new one asks for it.
      tell(['token']);
    },
    event: (type, detail) => tell(['event', type, detail as never]),
    cleanUrl: (url) => {
      // Inside of a call it is about that call; later, about the one that came from this address.
      const { origin, pathname } = new URL(url);
      const place = origin + pathname;
      const entry = redirects.get(entered) ?? [...redirects.values()].find((redirect) => redirect.url.startsWith(place));
      entry?.clean(url);
    },
    poison,
  };
  // With what is kept, before the first page is welcomed: it must not take a session that is there for none.
  const core = await withKeeper(bound ? withKeys(start) : start, keeperOf)(options, { pageUrl }, host);

  const call: VaultEngine['call'] = (name, args, settled, clean, shown) => {
    const op = ++last;
    waiting.set(op, (ok, value) => {
      waiting.delete(op);
      redirects.delete(op);
      codes.delete(op);
      // The page is left for the server's, and may never come back.
      if (name === 'login' && ok) setTimeout(() => core.cancel(op), LEFT_FOR);
      settled(ok, value);
    });
    if (name === 'handleRedirect' && typeof args?.url === 'string') redirects.set(op, { url: args.url, clean });
    if (name === 'loginWithDevice') codes.set(op, shown);
    entered = op;
    core.call(op, name, args);
    entered = 0;
    if (over) waiting.get(op)?.(false, describe('engine_failed'));
    return op;
  };

  const ask = <Name extends 'getToken' | 'proof'>(name: Name, args?: Plain, signal?: AbortSignal) =>
    new Promise<Calls[Name]>((resolve, reject) => {
      signal?.throwIfAborted();
      let op = 0;
      const stop = () => core.cancel(op);
      signal?.addEventListener('abort', stop);
      op = call(
        name,
        args,
        (ok, value) => {
          signal?.removeEventListener('abort', stop);
          if (ok) resolve(value as Calls[Name]);
          else reject(fromRecord(value as ErrorRecord));
        },
        () => {},
        () => {},
      );
    });

  /** `more`: what the engine shall know. */
  const present = (more: Plain) =>
    bound
      ? proving((args, signal) => ask('proof', { ...args, ...more }, signal))
      : bearer((args, signal) => {
          if (more.token !== undefined) return { token: more.token as string, serial: 0 };
          const live = args ? undefined : atHand.live();
          return live === undefined ? ask('getToken', args, signal) : { token: live, serial: atHand.serial() };
        });

  /** Headers for a request that the page sends itself, to an API it may send requests to. */
  const prove = async ({ method, url, nonce, token }: Plain): Promise<ProofHeaders> => {
    if (token !== undefined && typeof token !== 'string') throw failure('option_invalid', 'proof.token');
    const origin = typeof url === 'string' ? parseUrl(url)?.origin : undefined;
    if (typeof method !== 'string' || origin === undefined) throw failure('option_invalid', 'proof');
    if (!allowed(method, url as string)) throw failure('api_not_allowed', origin);
    const { authorization, dpop } = (await present({ nonce, token })({ method, url: url as string }))!;
    return dpop ? { authorization, dpop } : { authorization };
  };

  return {
    exposed,
    session: () => session,
    call: (name, args, settled, clean, shown) => {
      if (name !== 'proof') return call(name, args, settled, clean, shown);
      // What the engine gives is more than a page may have.
      prove(args ?? {}).then(
        (headers) => settled(true, headers),
        (error: unknown) => settled(false, toRecord(error)),
      );
      return 0;
    },
    cancel: core.cancel,
    measure: ({ token, serial }) => {
      const [current, number, lifetime, wall, mono] = given;
      return token === current && serial === number ? ['token', token, serial, lifetime, wall, performance.now() - mono] : undefined;
    },
    fetch: createFetch(allowed, present({})),
    dispose: () => {
      core.dispose();
      over = true;
    },
  };
};
