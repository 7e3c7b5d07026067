// Keepers, and what lies in the database as any script of the origin can see it.

import { createKeeper } from '/pkg/dist/keeper.js';

window.hinted = 0;

window.make = (builtins = {}, name = 'test') =>
  createKeeper({ name, builtins, onHint: () => { window.hinted += 1; } });

/** Its seconds are short, and long enough for storage on a busy machine. */
window.hasty = { setTimeout: (work, after) => setTimeout(work, after / 10) };

/** Ways of taking turns. */
window.kinds = {
  locks: {},
  lease: { locks: undefined },
  'refused locks': { locks: { request: () => Promise.reject(new DOMException('', 'SecurityError')) } },
};

window.pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Runs `work` in a transaction of its own over all stores. */
window.inDatabase = async (work) => {
  const db = await asked(indexedDB.open('tokenward'));
  try {
    const transaction = db.transaction([...db.objectStoreNames], 'readwrite');
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const result = await work((name) => transaction.objectStore(name), asked);
    await ended;
    return result;
  } finally {
    db.close();
  }
};

/** How many rows each store has; none of a database that is not there. */
window.rows = () => window.inDatabase(async (store) => {
  const counts = {};
  for (const name of store('keys').transaction.objectStoreNames) counts[name] = await asked(store(name).count());
  return counts;
});

/** Everything that is stored, as one text of octets. */
window.everything = () => window.inDatabase(async (store) => {
  const octets = (value) => {
    if (value instanceof ArrayBuffer) return octets(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return String.fromCharCode(...value);
    if (value instanceof CryptoKey) return `key ${value.algorithm.name} ${value.extractable} ${[...value.usages].sort()}`;
    if (typeof value === 'object' && value !== null) return Object.values(value).map(octets).join('|');
    return String(value);
  };
  const all = [];
  for (const name of store('keys').transaction.objectStoreNames) {
    all.push(octets(await asked(store(name).getAllKeys())), octets(await asked(store(name).getAll())));
  }
  return all.join('\n');
});

window.wipe = () => asked(indexedDB.deleteDatabase('tokenward'));

await window.wipe();
window.ready = true;
