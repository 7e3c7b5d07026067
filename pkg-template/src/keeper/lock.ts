import type { KeepWord } from '../core.js';
import type { Builtins, Patience } from './builtins.js';
import type { Database } from './database.js';
import { createLease } from './lease.js';

/** Seconds until waiting for the lock is given up. */
export const WAIT_LIMIT = 10;

/** Seconds until the lock is given back by itself: longer than a token request may take. */
export const HOLD_LIMIT = 45;

/** How the holder gives it back. */
export type Release = () => void;

/** Waits for the right to renew, of all tabs and workers of this origin. */
export type Acquire = (signal: AbortSignal) => Promise<Release | Exclude<KeepWord, 'done' | 'conflict'>>;

export interface Lock {
  acquire(): Promise<Exclude<KeepWord, 'conflict'>>;
  release(): void;
  /** Gives it back, and waits no longer. */
  close(): void;
}

/** Never steals: the holder would go on all the same. */
const webLock =
  (locks: LockManager, name: string): Acquire =>
  (signal) =>
    new Promise((resolve) => {
      locks
        .request(name, { signal }, () => new Promise<void>((release) => resolve(release)))
        // A page that is going away cannot wait for a lock (InvalidStateError); it may come back.
        .catch(({ name }: DOMException) =>
          resolve(name === 'AbortError' || name === 'InvalidStateError' ? 'busy' : 'failed'),
        );
    });

export const createLock = (builtins: Builtins, patience: Patience, database: Database, name: string): Lock => {
  const { locks } = builtins;
  const lease = createLease(builtins, database, name);
  let acquire = locks ? webLock(locks, `tokenward ${name}`) : lease;
  let held: Release | undefined;
  const waiting = new Set<AbortController>();

  const release = () => {
    const free = held;
    held = undefined;
    free?.();
  };

  const attempt = async () => {
    const waits = new AbortController();
    waiting.add(waits);
    const stop = patience(WAIT_LIMIT, () => waits.abort());
    try {
      return await acquire(waits.signal);
    } finally {
      stop();
      waiting.delete(waits);
    }
  };

  return {
    acquire: async () => {
      let granted = await attempt();
      if (granted === 'failed' && acquire !== lease) {
        // Some browsers have locks and refuse them, as Firefox once did in third-party frames.
        acquire = lease;
        granted = await attempt();
      }
      if (typeof granted === 'string') return granted;
      const free = granted;
      // Whoever is frozen while it holds the lock keeps all others waiting; its late answer is fenced by the revision.
      const stop = patience(HOLD_LIMIT, () => held === end && release());
      const end = () => {
        stop();
        free();
      };
      release();
      held = end;
      return 'done';
    },
    release,
    close: () => {
      for (const waits of waiting) waits.abort();
      release();
    },
  };
};
