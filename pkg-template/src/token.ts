/** The token as the engine last gave it, so that asking for a live one needs neither the engine nor a copy. */
export interface TokenAtHand {
  set(token: string | undefined, serial: number, lifetime: number, wall: number, mono: number): void;
  /** The token, if it stays valid for `minValidity` seconds. */
  live(minValidity?: number): string | undefined;
  serial(): number;
}

/** `margin`: the `minValidity` of the client, in seconds. */
export const createTokenAtHand = (margin: number): TokenAtHand => {
  let token: string | undefined;
  let serial = 0;
  let lifetime = NaN;
  let wall = 0;
  let mono = 0;
  let limit = NaN;
  let last = 0;
  let seen = false;
  let channel: MessageChannel | undefined;

  // A token that lives shorter than the margin is still handed out in the first half of its life.
  const oldest = (minValidity: number) => lifetime - Math.min(minValidity * 1000, lifetime / 2);

  // Reading two clocks costs several times what an async function does. When many callers ask in one task, as
  // a list that renders does, the clocks are read once; the message comes in the next task, in hidden pages too.
  const seenInThisTask = () => {
    seen = true;
    if (!channel) {
      channel = new MessageChannel();
      channel.port1.onmessage = () => {
        seen = false;
      };
    }
    channel.port2.postMessage(0);
  };

  return {
    set: (...given) => {
      [token, serial, lifetime, wall, mono] = given;
      limit = oldest(margin);
      seen = false;
    },
    live: (minValidity) => {
      const usual = minValidity === undefined;
      if (usual && seen) return token;
      const age = usual ? limit : oldest(minValidity);
      const now = Date.now();
      // Both clocks must agree: one stops while a device sleeps, the other can be set back. Comparing with NaN, an
      // unknown lifetime, is false.
      if (!(now - wall < age && performance.now() - mono < age)) return undefined;
      if (usual && now === last) seenInThisTask();
      last = now;
      return token;
    },
    serial: () => serial,
  };
};
