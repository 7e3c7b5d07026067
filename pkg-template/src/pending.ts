import { clientName } from './client-name.js';
import type { Plain } from './core.js';

/** Before the name of a client in the keys of pending logins. */
export const PREFIX = 'tokenward.login.';

/**
 * Whether a URL answers a login that another client of this page has begun: one of another server, or with another id, may
 * have the same redirect URI. Only looked for: what is pending is taken by the engine it belongs to.
 */
export const isOfAnother = (url: string, options: Plain): boolean => {
  try {
    const end = `.${new URL(url).searchParams.get('state')}`;
    const isPending = (key: string) => key.startsWith(PREFIX) && key.endsWith(end);
    return !(PREFIX + clientName(options) + end in sessionStorage) && Object.keys(sessionStorage).some(isPending);
  } catch {
    return false;
  }
};
