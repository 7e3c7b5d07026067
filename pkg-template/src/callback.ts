/**
 * For a page of its own as `redirectUri`, a few hundred bytes instead of the whole app in every popup and frame; and
 * for logins that the provider begins.
 *
 * @packageDocumentation
 */

import { CHANNEL, type RelayMessage } from './relay-channel.js';

/** Milliseconds in which somebody who waits answers. */
const PATIENCE = 2000;

/** Milliseconds a window takes to close; one that the browser does not let us close stays. */
const CLOSING = 1000;

/**
 * Hands the page's URL to the page that waits for it, and closes this window. `false`: nobody waits for it. `true`:
 * somebody has it, and this window could not be closed.
 *
 * @example
 * ```ts
 * import { relay } from 'tokenward/callback';
 *
 * // Not the answer to a popup or frame: the app finishes it.
 * if (!(await relay())) location.replace('/' + location.search);
 * ```
 */
export const relay = (): Promise<boolean> =>
  new Promise((resolve) => {
    if (typeof BroadcastChannel !== 'function') return resolve(false);
    const url = location.href;
    const state = new URLSearchParams(location.search).get('state');
    const channel = new BroadcastChannel(CHANNEL);
    const end = (taken: boolean) => {
      channel.close();
      resolve(taken);
    };
    const timer = setTimeout(end, PATIENCE, false);
    channel.onmessage = ({ data }: MessageEvent<Partial<RelayMessage> | null>) => {
      if (data?.tokenward !== 1 || !state || data.taken !== state) return;
      clearTimeout(timer);
      // The code is spent: it has no business in this window's address.
      history.replaceState(null, '', location.pathname);
      close();
      setTimeout(end, CLOSING, true);
    };
    channel.postMessage({ tokenward: 1, url } satisfies RelayMessage);
  });

/** What a login that somebody else began asks for; for `auth.login`. */
export interface InitiatedLogin {
  /** The name the user is likely to log in with. */
  loginHint?: string;
  /** Where the user shall land; `login` refuses what is not a place of the page's own origin. */
  returnTo?: string;
}

/**
 * Whether the page's URL asks for a login (OIDC Core 4), as a provider's portal does: with `iss`, and maybe
 * `login_hint` and `target_link_uri`. `null` when it does not, when it names another issuer than yours, and in a frame, where
 * another site could make its user log in without a word.
 *
 * @example
 * ```ts
 * const initiated = initiatedLogin('https://id.example.com');
 * if (initiated) await auth.login(initiated);
 * ```
 */
export const initiatedLogin = (issuer: string, url: string | URL = location.href): InitiatedLogin | null => {
  const { searchParams } = new URL(url);
  const single = (name: string) => {
    const all = searchParams.getAll(name);
    return all.length < 2 ? all[0] : undefined;
  };
  // An answer to a login has `iss` too (RFC 9207).
  if (single('iss') !== issuer || searchParams.has('state') || top !== window) return null;
  const loginHint = single('login_hint');
  const returnTo = single('target_link_uri');
  return { ...(loginHint && { loginHint }), ...(returnTo && { returnTo }) };
};
