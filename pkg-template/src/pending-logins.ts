// Pending logins in sessionStorage: written before the page leaves, taken out once. No token comes here.

import type { KeepWord } from './core.js';
import { PREFIX } from './pending.js';

/** More logins than this are not pending in one tab; the rest was given up. */
const MOST = 10;

/** How it went; the record; and a text when others are pending. */
type Kept = [KeepWord, record?: string | undefined, others?: string | undefined];

/**
 * Stores a login, or takes one out. In one go: nothing else of this page can come between reading and removing. Storage may be
 * forbidden or full, and what cannot be removed could be used twice.
 */
export const keepPending = (client: string, state: string, record?: string): Kept => {
  const prefix = `${PREFIX}${client}.`;
  const key = prefix + state;
  try {
    const pending = () => Object.keys(sessionStorage).filter((own) => own.startsWith(prefix));
    if (record !== undefined) {
      for (const old of pending().slice(MOST - 1)) sessionStorage.removeItem(old);
      sessionStorage.setItem(key, record);
      return ['done'];
    }
    const found = sessionStorage.getItem(key) ?? undefined;
    sessionStorage.removeItem(key);
    return ['done', found, pending().length ? '' : undefined];
  } catch {
    return ['failed'];
  }
};
