// Tabs that each have a grant of their own tell each other who signs in and out. Any script of the origin can say
// anything on the channel: what is heard is a reason to look at one's own truth, never the truth.

import { sparingly } from './sparingly.js';

/** What happened in another tab. */
export type Elsewhere = 'signed-in' | 'signed-out' | 'other-user';

interface Told {
  tokenward: 1;
  hint: 'signed-in' | 'signed-out';
  /** SHA-256 of issuer and subject: whether it is the same user, and not who. */
  user: string;
}

/** Least milliseconds between two hints that are listened to, and between two looks at one's own truth. */
const HEAR_GAP = 250;
const LOOK_GAP = 30_000;

/** Most milliseconds by which tabs that hear the same look at different times. */
const SPREAD = 3000;

const read = (data: unknown): Told | undefined => {
  if (typeof data !== 'object' || data === null) return undefined;
  const { tokenward, hint, user, ...rest } = data as Partial<Told>;
  const known = tokenward === 1 && (hint === 'signed-in' || hint === 'signed-out');
  return known && typeof user === 'string' && /^[0-9a-f]{64}$/.test(user) && !Object.keys(rest).length
    ? { tokenward, hint, user }
    : undefined;
};

const digest = async (text: string): Promise<string> => {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** The other tabs of one client. */
export interface Others {
  /** Tells them that somebody signed in or out here. */
  tell(hint: Told['hint']): void;
  close(): void;
}

/**
 * `subject`: who is signed in here. `happened` hears of the others; `look` asks the server whether the session here
 * is alive still.
 */
export const createOthers = (
  name: string,
  subject: () => string | undefined,
  happened: (hint: Elsewhere) => void,
  look: () => void,
): Others => {
  const channel = new BroadcastChannel(`tokenward ${name}`);
  const user = (sub: string) => digest(JSON.stringify([name, sub]));
  let last: string | undefined;
  let closed = false;
  let looked = -LOOK_GAP;
  let looking: ReturnType<typeof setTimeout> | undefined;

  const hear = async ({ hint, user: theirs }: Told) => {
    const sub = subject();
    const own = sub === undefined ? undefined : await user(sub);
    if (hint === 'signed-in') return happened(own && own !== theirs ? 'other-user' : hint);
    happened(hint);
    // The server may have ended this grant with the other: one of us asks soon, all of us ask once.
    if (own !== theirs || looking !== undefined || performance.now() - looked < LOOK_GAP) return;
    looking = setTimeout(() => {
      looking = undefined;
      looked = performance.now();
      if (subject() !== undefined) look();
    }, Math.random() * SPREAD);
  };

  const flood = sparingly<Told>(HEAR_GAP, (told) => void hear(told), {
    setTimeout: (work, after) => setTimeout(work, after),
    clearTimeout: (timer) => clearTimeout(timer as number),
  });
  channel.onmessage = ({ data }) => {
    const told = read(data);
    if (told) flood.hear(told);
  };

  return {
    tell: async (hint) => {
      const sub = subject();
      // Who signed out is known from before.
      last = sub === undefined ? last : await user(sub);
      if (last && !closed) channel.postMessage({ tokenward: 1, hint, user: last } satisfies Told);
    },
    close: () => {
      closed = true;
      channel.close();
      flood.close();
      clearTimeout(looking);
    },
  };
};
