/** What the keeper needs of its realm, taken once: what a page's script replaces later has no part in it. */
export interface Builtins {
  indexedDB: IDBFactory | undefined;
  crypto: Crypto;
  locks: LockManager | undefined;
  BroadcastChannel: typeof BroadcastChannel | undefined;
  setTimeout(work: () => void, after: number): unknown;
  clearTimeout(timer: unknown): void;
  now(): number;
}

/** Those of this realm, a window or a worker of any kind. */
export const takeBuiltins = (): Builtins => {
  const { crypto, navigator, BroadcastChannel, setTimeout, clearTimeout, Date } = globalThis;
  const { now } = Date;
  let indexedDB: IDBFactory | undefined;
  try {
    // Where storage is forbidden, the getter itself may throw.
    ({ indexedDB } = globalThis);
  } catch {
    // There is none.
  }
  return {
    indexedDB,
    crypto,
    locks: (navigator as Navigator | undefined)?.locks as LockManager | undefined,
    BroadcastChannel: BroadcastChannel as typeof globalThis.BroadcastChannel | undefined,
    setTimeout: (work, after) => setTimeout(work, after),
    clearTimeout: (timer) => clearTimeout(timer as number),
    now: () => now(),
  };
};

/** Calls `work` after so many seconds; returns what prevents it. */
export type Patience = (seconds: number, work: () => void) => () => void;

/**
 * Counts seconds in which this realm ran: a page that was frozen, or a device that slept, must not find all its
 * limits passed before it gets the answers that have come meanwhile.
 */
export const createPatience =
  ({ setTimeout, clearTimeout }: Builtins): Patience =>
  (seconds, work) => {
    let timer: unknown;
    const tick = () => {
      timer = setTimeout(seconds-- > 1 ? tick : work, 1000);
    };
    tick();
    return () => clearTimeout(timer);
  };
