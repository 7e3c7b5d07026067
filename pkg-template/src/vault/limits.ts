// How much a page may ask of a vault. An app does not come near; a page that does is broken or hostile.

/** Pages that are connected at once. */
export const PEERS = 256;

/** Operations of one page that are pending, and requests, those whose answer nobody reads included. */
export const PENDING = 2000;
export const REQUESTS = 512;

/** Messages of one page: so many at once, and so many a second for ever. */
export const BURST = 2000;
export const RATE = 200;

/** So many wrong messages, and the page is not listened to any more. */
export const WRONG = 1000;

/** Characters of options, arguments or headers; of an address; of a text that is a body; octets of a piece of one. */
export const RECORD = 65_536;
export const ADDRESS = 65_536;
export const TEXT = 67_108_864;
export const PIECE = 67_108_864;

/** Entries of a form. */
export const ENTRIES = 10_000;

/** A page that does not answer so many pings, so many milliseconds apart, has gone. */
export const PINGS = 3;
export const PING_EVERY = 20_000;

/** When all places are taken, how long they have to answer. */
export const URGENT = 1000;

/** How long a login may take that the page was left for: as long as the engine keeps it. */
export const LEFT_FOR = 600_000;

/** A bucket of permissions that fills up again. */
export const createBucket = (burst: number, rate: number, now: () => number = () => performance.now()): (() => boolean) => {
  let left = burst;
  let last = now();
  return () => {
    const at = now();
    left = Math.min(burst, left + ((at - last) * rate) / 1000);
    last = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
};
