// What the other tabs of a client say (see neighbours.ts). Any script of the origin can say anything on the channel: what is
// heard is a reason to look at one's own truth, never the truth. A page loads this when somebody speaks.

import { digest, type LogoutAnswer, type LogoutMessage } from './frontchannel.js';
import type { Told } from './neighbours.js';
import type { Session } from './session.js';
import { sparingly } from './sparingly.js';

/**
 * What happened in another tab; `frontchannel-logout`: the server said that its user logs out (OIDC Front-Channel
 * Logout 1.0).
 */
export type Elsewhere = 'signed-in' | 'signed-out' | 'other-user' | 'frontchannel-logout';

/** Least milliseconds between two hints that are listened to, and between two looks at one's own truth. */
const HEAR_GAP = 250;
const LOOK_GAP = 30_000;

/** Most milliseconds by which tabs that hear the same look at different times. */
const SPREAD = 3000;

const isDigest = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

const read = (data: unknown): Told | LogoutMessage | undefined => {
  if (typeof data !== 'object' || data === null) return undefined;
  const { tokenward, hint, user, logout, ...rest } = data as Partial<Told & LogoutMessage>;
  if (tokenward !== 1 || Object.keys(rest).length) return undefined;
  if (hint === undefined && user === undefined) {
    return logout === null || isDigest(logout) ? { tokenward, logout } : undefined;
  }
  const known = (hint === 'signed-in' || hint === 'signed-out') && isDigest(user) && logout === undefined;
  return known ? { tokenward, hint, user } : undefined;
};

/** Hears what other tabs say, until it is closed. */
export interface Hearing {
  hear(data: unknown): void;
  close(): void;
}

/**
 * `answer` says something on the channel. `session`: the one here. `alone`: whether no other tab shares it. `happened` hears of
 * the others; `look` asks the server whether the session here is alive still.
 */
export const createHearing = (
  name: string,
  answer: (said: LogoutAnswer) => void,
  session: () => Session,
  alone: () => boolean,
  happened: (hint: Elsewhere) => void,
  look: () => void,
): Hearing => {
  const subject = () => session().claims?.sub;
  let closed = false;
  let looked = -LOOK_GAP;
  let looking: ReturnType<typeof setTimeout> | undefined;

  const hear = async ({ hint, user: theirs }: Told) => {
    const sub = subject();
    const own = sub === undefined ? undefined : await digest(name, sub);
    if (hint === 'signed-in') return happened(own && own !== theirs ? 'other-user' : hint);
    happened(hint);
    // The server may have ended this grant with the other: one of us asks soon, all of us ask once.
    if (own === theirs) lookSoon();
  };

  /** Whoever logs out at the server says so of one session, or of all that a browser has there. */
  const hearLogout = async ({ logout }: LogoutMessage) => {
    const { claims } = session();
    if (!claims) return;
    const { sid } = claims;
    if (logout !== null && (typeof sid !== 'string' || logout !== (await digest(name, sid)))) return;
    if (closed) return;
    answer({ tokenward: 1, heard: logout });
    happened('frontchannel-logout');
    lookSoon();
  };

  const lookSoon = () => {
    if (looking !== undefined) return;
    const { expiresAt } = session();
    const rest = Math.max(looked + LOOK_GAP - performance.now(), 0);
    looking = setTimeout(() => {
      looking = undefined;
      // Somebody who shares the session may have asked meanwhile.
      if (subject() === undefined || (!alone() && session().expiresAt !== expiresAt)) return;
      looked = performance.now();
      look();
    }, rest + Math.random() * SPREAD);
  };

  const take = (told: Told | LogoutMessage) => {
    if ('logout' in told) void hearLogout(told);
    else if (alone()) void hear(told);
  };
  const flood = sparingly<Told | LogoutMessage>(HEAR_GAP, take, {
    setTimeout: (work, after) => setTimeout(work, after),
    clearTimeout: (timer) => clearTimeout(timer as number),
  });

  return {
    hear: (data) => {
      const told = read(data);
      if (told) flood.hear(told);
    },
    close: () => {
      closed = true;
      flood.close();
      clearTimeout(looking);
    },
  };
};
