/**
 * For a page of its own as `redirectUri`, a few hundred bytes instead of the whole app in every popup and frame; and
 * for logins and logouts that the provider begins.
 *
 * @packageDocumentation
 */

import { clientName } from './client-name.js';
import { channelOf, digest, type LogoutAnswer, type LogoutMessage } from './frontchannel.js';
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

/** Reads what is there once. */
const singles = (params: URLSearchParams) => (name: string): string | undefined => {
  const all = params.getAll(name);
  return all.length < 2 ? all[0] : undefined;
};

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
  const single = singles(searchParams);
  // An answer to a login has `iss` too (RFC 9207).
  if (single('iss') !== issuer || searchParams.has('state') || top !== window) return null;
  const loginHint = single('login_hint');
  const returnTo = single('target_link_uri');
  return { ...(loginHint && { loginHint }), ...(returnTo && { returnTo }) };
};

/**
 * For the page that is registered as `frontchannel_logout_uri` (OIDC Front-Channel Logout 1.0), which the server loads in a
 * frame when its user logs out. Tells the tabs of the client, each of which then asks the server whether its session is
 * alive; nobody is signed out by being told. With `iss` and `sid` in the URL, both must be right; with one of them nothing
 * is told.
 *
 * `true`: a tab with such a session has heard it. `false`: none has, as always when the browser keeps storage of frames of
 * other sites apart, which is to say wherever server and app are different sites.
 *
 * @example
 * ```ts
 * await frontChannelLogout({ issuer: 'https://id.example.com', clientId: 'spa' });
 * ```
 */
export const frontChannelLogout = async (
  client: { issuer: string; clientId: string },
  url: string | URL = location.href,
): Promise<boolean> => {
  const { searchParams } = new URL(url);
  const single = singles(searchParams);
  const [iss, sid] = [single('iss'), single('sid')];
  const named = searchParams.has('iss') || searchParams.has('sid');
  if (typeof BroadcastChannel !== 'function' || (named && !(iss === client.issuer && sid))) return false;
  const name = clientName(client);
  const logout = sid === undefined ? null : await digest(name, sid);
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(channelOf(name));
    const end = (heard: boolean) => {
      clearTimeout(timer);
      channel.close();
      resolve(heard);
    };
    const timer = setTimeout(end, PATIENCE, false);
    channel.onmessage = ({ data }: MessageEvent<Partial<LogoutAnswer> | null>) => {
      if (data?.tokenward === 1 && data.heard === logout) end(true);
    };
    channel.postMessage({ tokenward: 1, logout } satisfies LogoutMessage);
  });
};
