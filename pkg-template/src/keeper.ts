// Keeps what outlives an engine's memory, for a page or a worker: the sealed record of a session, pending logins, and
// the right to renew. One keeper for one client; all of an origin share the database.

import type { KeepVerb, KeepWord } from './core.js';
import { createPatience, takeBuiltins, type Builtins } from './keeper/builtins.js';
import { createDatabase, type Store, type StoreName } from './keeper/database.js';
import { createHints } from './keeper/hints.js';
import { createLock } from './keeper/lock.js';
import { makeKey, readKey, seal, unique, unseal, type Key, type Sealed } from './keeper/seal.js';

export type { Builtins };

/** How a job went. */
export interface Kept {
  word: KeepWord;
  record?: string;
  revision?: string;
}

export interface KeeperOptions {
  /** Whose things they are: `clientName` of its options. */
  name: string;
  /** The record may have been changed by another tab or worker. A hint: any script of the origin can cause it. */
  onHint(): void;
  /** Instead of those of this realm. */
  builtins?: Partial<Builtins>;
}

export interface Keeper {
  /** Does one job of the engine; never rejects. `unlock` needs no answer. */
  keep(verb: KeepVerb, key: string, record: string | undefined, over: string | undefined): Promise<Kept>;
  /** Gives back the lock, closes database and channel. */
  dispose(): void;
}

/** A login that takes longer is begun again. */
const LOGIN_LIFE = 30 * 60 * 1000;

/** More logins than this are not pending in one client; the oldest was given up. */
const MOST_LOGINS = 10;

/** How often a key may be destroyed while something is being sealed with it. */
const MOST_KEYS = 3;

interface StoredSession extends Sealed {
  revision: string;
}

interface StoredLogin extends Sealed {
  at: number;
  /** Instead of the sealed text, where keys cannot be stored. */
  text?: unknown;
}

type Stores = Record<StoreName, Store>;

export const createKeeper = ({ name, onHint, builtins }: KeeperOptions): Keeper => {
  const all: Builtins = { ...takeBuiltins(), ...builtins };
  const { crypto, now } = all;
  const patience = createPatience(all);
  const database = createDatabase(all, patience);
  const lock = createLock(all, patience, database, name);
  const hints = createHints(all, name, onHint);

  const logins = (stores: Stores) => stores.logins.entries(IDBKeyRange.bound([name], [name, []]));

  /** The key, made when there is none. Decided within a transaction: two tabs agree on one. */
  const obtainKey = async (): Promise<Key> => {
    const read = async ({ keys }: Stores) => readKey(await keys.get(name));
    const known = await database.run('readonly', read);
    if (known === null) throw new Error();
    if (known) return known;
    const made = await makeKey(crypto);
    return database.run('readwrite', async (stores) => {
      const other = await read(stores);
      if (!other) await stores.keys.put(name, made);
      return other ?? made;
    });
  };

  /** Seals a text and stores it with the key still there; a logout destroys the key at any time. */
  const write = async <T>(
    text: string,
    about: string[],
    store: (sealed: Sealed, stores: Stores, isKeyThere: boolean) => Promise<T | undefined>,
  ): Promise<T> => {
    for (let i = 0; i < MOST_KEYS; i++) {
      const key = await obtainKey();
      const sealed = await seal(crypto, key, text, about);
      const done = await database.run('readwrite', async (stores) =>
        store(sealed, stores, readKey(await stores.keys.get(name))?.id === key.id),
      );
      if (done !== undefined) return done;
    }
    throw new Error();
  };

  /** Nothing is left under the key: it goes too. */
  const destroyIdleKey = async (stores: Stores) => {
    if (!(await stores.sessions.get(name)) && !(await logins(stores)).length) await stores.keys.remove(name);
  };

  const aboutSession = (revision: string) => [name, 'session', revision];

  /** The text of a session. What nobody can read is removed: it would be in the way for ever. */
  const read = async (key: Key | null | undefined, stored: unknown): Promise<Omit<Kept, 'word'>> => {
    if (stored === undefined) return {};
    if (key === null) throw new Error();
    const { revision } = (stored ?? {}) as StoredSession;
    const record = await unseal(crypto, key, stored, aboutSession(revision));
    if (record !== undefined && typeof revision === 'string') return { record, revision };
    await database.run('readwrite', async (stores) => {
      const there = (await stores.sessions.get(name)) as StoredSession | undefined;
      if (there?.revision !== revision) return;
      await stores.sessions.remove(name);
      await destroyIdleKey(stores);
    });
    return {};
  };

  const load = async (): Promise<Kept> => {
    const [key, stored] = await database.run('readonly', async ({ keys, sessions }) => [
      readKey(await keys.get(name)),
      await sessions.get(name),
    ] as const);
    return { word: 'done', ...(await read(key, stored)) };
  };

  const save = async (record: string, over: string | undefined): Promise<Kept> => {
    const revision = unique(crypto);
    const other = await write(record, aboutSession(revision), async (sealed, stores, isKeyThere) => {
      const stored = over === undefined ? undefined : ((await stores.sessions.get(name)) as StoredSession | undefined);
      if (over !== stored?.revision) {
        const key = readKey(await stores.keys.get(name));
        // After a logout it was made for this attempt.
        await destroyIdleKey(stores);
        return { key, stored };
      }
      if (!isKeyThere) return undefined;
      await stores.sessions.put(name, { revision, ...sealed });
      return 'saved' as const;
    });
    if (other !== 'saved') return { word: 'conflict', ...(await read(other.key, other.stored)) };
    hints.tell();
    return { word: 'done', revision };
  };

  const remove = async (over: string | undefined): Promise<Kept> => {
    const [stored, other] = await database.run('readwrite', async (stores) => {
      const stored = (await stores.sessions.get(name)) as StoredSession | undefined;
      const key = readKey(await stores.keys.get(name));
      if (over !== undefined && over !== stored?.revision) return [stored, { key }] as const;
      await stores.sessions.remove(name);
      await destroyIdleKey(stores);
      return [stored] as const;
    });
    if (other) return { word: 'conflict', ...(await read(other.key, stored)) };
    if (stored !== undefined) hints.tell();
    return { word: 'done' };
  };

  const aboutLogin = (state: string) => [name, 'login', state];

  /** Drops the logins that were given up; gives how many are left, oldest first. */
  const sweep = async (stores: Stores): Promise<IDBValidKey[]> => {
    const kept: [IDBValidKey, number][] = [];
    for (const [key, stored] of await logins(stores)) {
      const { at } = (stored ?? {}) as StoredLogin;
      if (Math.abs(now() - at) <= LOGIN_LIFE) kept.push([key, at]);
      else await stores.logins.remove(key);
    }
    return kept.sort(([, a], [, b]) => a - b).map(([key]) => key);
  };

  const store = async (state: string, record: string): Promise<Kept> => {
    const put = async (stores: Stores, login: object) => {
      const kept = await sweep(stores);
      for (const key of kept.slice(0, Math.max(0, kept.length - MOST_LOGINS + 1))) await stores.logins.remove(key);
      await stores.logins.put([name, state], { at: now(), ...login });
      return true;
    };
    try {
      await write(record, aboutLogin(state), async (sealed, stores, isKeyThere) =>
        isKeyThere ? put(stores, sealed) : undefined,
      );
    } catch {
      // A page keeps it in clear too, in sessionStorage. No token is in it, and it is good for one login.
      await database.run('readwrite', (stores) => put(stores, { text: record }));
    }
    return { word: 'done' };
  };

  /** One transaction: of two who want it, one gets it. An old one is given too, for the engine to say that it is old. */
  const take = async (state: string): Promise<Kept> => {
    const [key, stored, others] = await database.run('readwrite', async (stores) => {
      const key = readKey(await stores.keys.get(name));
      const stored = await stores.logins.get([name, state]);
      await stores.logins.remove([name, state]);
      const others = (await sweep(stores)).length > 0;
      await destroyIdleKey(stores);
      return [key, stored, others] as const;
    });
    const { text } = (stored ?? {}) as StoredLogin;
    const record = typeof text === 'string' ? text : await unseal(crypto, key, stored, aboutLogin(state));
    return { word: 'done', ...(record !== undefined && { record }), ...(others && { revision: '' }) };
  };

  const acquire = async (): Promise<Kept> => {
    const word = await lock.acquire();
    if (word !== 'done') return { word };
    // What was known before the wait may have been replaced during it.
    return load().catch((error: unknown) => {
      lock.release();
      throw error;
    });
  };

  const work: Record<KeepVerb, (key: string, record: string, over: string | undefined) => Promise<Kept>> = {
    store,
    take,
    load,
    save: (_key, record, over) => save(record, over),
    remove: (_key, _record, over) => remove(over),
    lock: acquire,
    unlock: async () => {
      lock.release();
      return { word: 'done' };
    },
  };

  return {
    keep: async (verb, key, record, over) => {
      try {
        return await work[verb](key, record ?? '', over);
      } catch {
        return { word: 'failed' };
      }
    },
    dispose: () => {
      lock.close();
      hints.close();
      database.close();
    },
  };
};
