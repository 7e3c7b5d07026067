// Tabs that each have a grant of their own tell each other who signs in and out, and the page of a front-channel logout
// tells all of them. Most pages never hear anything: what hears is loaded with the first message.

import type { Elsewhere, Hearing } from './elsewhere.js';
import { channelOf, digest } from './frontchannel.js';
import type { Session } from './session.js';

/** What a tab says. */
export interface Told {
  tokenward: 1;
  hint: 'signed-in' | 'signed-out';
  /** SHA-256 of issuer and subject: whether it is the same user, and not who. */
  user: string;
}

/** The other tabs of one client. */
export interface Neighbours {
  /** Tells them that somebody signed in or out here. */
  tell(hint: Told['hint']): void;
  close(): void;
}

/** See `createHearing` for what is given. */
export const createNeighbours = (
  name: string,
  session: () => Session,
  alone: () => boolean,
  happened: (hint: Elsewhere) => void,
  look: () => void,
): Neighbours => {
  const channel = new BroadcastChannel(channelOf(name));
  let user: string | undefined;
  let hearing: Promise<Hearing | undefined> | undefined;
  let closed = false;
  channel.onmessage = async ({ data }) => {
    const ears = await (hearing ??= import('./elsewhere.js').then(
      ({ createHearing }) => createHearing(name, (said) => closed || channel.postMessage(said), session, alone, happened, look),
      () => (hearing = undefined),
    ));
    if (!closed) ears?.hear(data);
  };
  return {
    tell: async (hint) => {
      const { claims } = session();
      // Who signed out is known from before.
      if (claims) user = await digest(name, claims.sub);
      if (user && alone() && !closed) channel.postMessage({ tokenward: 1, hint, user } satisfies Told);
    },
    close: () => {
      closed = true;
      channel.close();
      void hearing?.then((ears) => ears?.close());
    },
  };
};
