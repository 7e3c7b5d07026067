import type { Builtins } from './builtins.js';
import type { Database } from './database.js';
import type { Acquire } from './lock.js';
import { unique } from './seal.js';

/** Milliseconds a lease lasts unless it is renewed: so long a holder that was killed keeps the others waiting. */
const LENGTH = 9000;

/** Milliseconds between renewals. */
const RENEWAL = 2500;

interface Lease {
  holder: string;
  until: number;
}

/** A lock for browsers that have none: a row that one holder at a time may write. */
export const createLease =
  ({ crypto, setTimeout, clearTimeout, now }: Builtins, database: Database, name: string): Acquire =>
  async (signal) => {
    const holder = unique(crypto);

    /** Takes or keeps the lease, if nobody else has it. */
    const take = () =>
      database.run('readwrite', async ({ leases }) => {
        const lease = (await leases.get(name)) as Lease | undefined;
        const left = Number(lease?.until) - now();
        // One that lasts longer than any lease was taken before the clock was set back.
        if (lease && lease.holder !== holder && left > 0 && left <= LENGTH) return false;
        await leases.put(name, { holder, until: now() + LENGTH });
        return true;
      });

    const drop = () =>
      database.run('readwrite', async ({ leases }) => {
        const lease = (await leases.get(name)) as Lease | undefined;
        if (lease?.holder === holder) await leases.remove(name);
      });

    try {
      while (!(await take())) {
        if (signal.aborted) return 'busy';
        // At random, so that those who wait do not meet again.
        const [chance = 0] = crypto.getRandomValues(new Uint8Array(1));
        await new Promise<void>((resolve) => setTimeout(resolve, 40 + chance));
      }
    } catch {
      return 'failed';
    }

    let timer: unknown;
    let released = false;
    const renew = () => {
      timer = setTimeout(async () => {
        // A lease that somebody else has is over; what its old holder writes is fenced by the revision.
        const kept = await take().catch(() => true);
        if (kept && !released) renew();
        else if (kept) await drop().catch(() => {});
      }, RENEWAL);
    };
    const release = () => {
      released = true;
      clearTimeout(timer);
      drop().catch(() => {});
    };
    renew();
    return release;
  };
