import type { Builtins, Patience } from './builtins.js';

const NAME = 'tokenward';
const VERSION = 1;

/** Seconds until opening is given up: there are browsers in which it is never answered. */
const OPEN_LIMIT = 4;

/** Seconds until a transaction is given up. */
const RUN_LIMIT = 8;

/**
 * - `keys`: the key of each client, by its name.
 * - `sessions`: the one sealed record of each client, by its name.
 * - `logins`: sealed pending logins, by [name, state].
 * - `leases`: who may renew now, where the browser has no locks; by name.
 */
export type StoreName = 'keys' | 'sessions' | 'logins' | 'leases';

const STORES: StoreName[] = ['keys', 'sessions', 'logins', 'leases'];

/** A store within a transaction, as promises. */
export interface Store {
  get(key: IDBValidKey): Promise<unknown>;
  put(key: IDBValidKey, value: unknown): Promise<unknown>;
  remove(key: IDBValidKey): Promise<unknown>;
  /** Keys and values of a range. */
  entries(range: IDBKeyRange): Promise<[IDBValidKey, unknown][]>;
}

/** The database of all clients of this origin. */
export interface Database {
  /**
   * All of `work` or nothing. It may wait for its stores only: a transaction ends by itself when nothing is asked of
   * it. Rejects when there is no storage, when it is full, and when it does not answer.
   */
  run<T>(mode: 'readonly' | 'readwrite', work: (stores: Record<StoreName, Store>) => Promise<T>): Promise<T>;
  close(): void;
}

const ask = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const wrap = (store: IDBObjectStore): Store => ({
  get: (key) => ask(store.get(key)),
  put: (key, value) => ask(store.put(value, key)),
  remove: (key) => ask(store.delete(key)),
  entries: async (range) => {
    const [keys, values] = await Promise.all([ask(store.getAllKeys(range)), ask<unknown[]>(store.getAll(range))]);
    return keys.map((key, i) => [key, values[i]]);
  },
});

class TooLong extends Error {}

export const createDatabase = ({ indexedDB }: Builtins, patience: Patience): Database => {
  let opening: Promise<IDBDatabase> | undefined;
  let closed = false;

  const open = (): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      if (!indexedDB || closed) throw new Error();
      const request = indexedDB.open(NAME, VERSION);
      let late = false;
      const stop = patience(OPEN_LIMIT, () => {
        late = true;
        reject(new TooLong());
      });
      request.onupgradeneeded = () => {
        for (const name of STORES) request.result.createObjectStore(name);
      };
      request.onerror = () => {
        stop();
        reject(request.error);
      };
      request.onsuccess = () => {
        stop();
        const db = request.result;
        // A newer version of the package wants another schema, or the user deletes what is stored.
        db.onversionchange = () => {
          forget();
          db.close();
        };
        db.onclose = forget;
        if (late || closed) db.close();
        else resolve(db);
      };
    });

  const forget = () => {
    opening = undefined;
  };

  const connect = () => {
    if (!opening) {
      opening = open();
      opening.catch(forget);
    }
    return opening;
  };

  const close = () => {
    const old = opening;
    forget();
    old?.then((db) => db.close(), () => {});
  };

  const attempt = async <T>(
    mode: IDBTransactionMode,
    work: (stores: Record<StoreName, Store>) => Promise<T>,
  ): Promise<T> => {
    const db = await connect();
    return new Promise((resolve, reject) => {
      // Strict: a rotated refresh token that a power failure takes back is a lost session.
      const transaction = db.transaction(STORES, mode, { durability: 'strict' });
      let result: T;
      let reason: unknown;
      const undo = (error: unknown) => {
        reason = error;
        try {
          // What is told to have failed must not happen later.
          transaction.abort();
        } catch {
          // It has ended, or is being written.
        }
      };
      let stop = patience(RUN_LIMIT, () => {
        undo(new TooLong());
        stop = patience(1, () => reject(reason));
      });
      transaction.oncomplete = () => {
        stop();
        resolve(result);
      };
      transaction.onabort = () => {
        stop();
        reject(reason ?? transaction.error);
      };
      const stores = Object.fromEntries(STORES.map((name) => [name, wrap(transaction.objectStore(name))]));
      work(stores as Record<StoreName, Store>).then((value) => {
        result = value;
      }, undo);
    });
  };

  return {
    run: async (mode, work) => {
      try {
        return await attempt(mode, work);
      } catch (error) {
        close();
        if (error instanceof TooLong) throw error;
        // Connections break: browsers close those of pages they kept, and lose the process behind them.
        return attempt(mode, work);
      }
    },
    close: () => {
      closed = true;
      close();
    },
  };
};
