// What the servers were asked, counted by kind.

/** Kinds of requests at the provider and, `api` and `apiPreflight`, at the API. */
export const KINDS = [
  'discovery', 'jwks', 'authorize', 'login', 'token', 'userinfo', 'revocation', 'endSession', 'par', 'device', 'other',
  'preflight', 'api', 'apiPreflight',
];

export function createCounts() {
  const listeners = new Set();
  const counts = {
    /** Every request in order: { at, kind, grant, method, path, query, origin, status, fault }. */
    log: [],
    /** Token requests by grant type. */
    grants: {},

    reset() {
      for (const kind of KINDS) counts[kind] = 0;
      counts.grants = {};
      counts.log = [];
    },

    /** Adds one request that has arrived; `status` of the entry is filled in when it was answered. */
    add(entry) {
      counts[entry.kind] += 1;
      if (entry.grant) counts.grants[entry.grant] = (counts.grants[entry.grant] ?? 0) + 1;
      counts.log.push(entry);
      for (const listener of [...listeners]) listener();
      return entry;
    },

    /** Tells the waiting `until` calls that an entry has changed. */
    touch() {
      for (const listener of [...listeners]) listener();
    },

    /** Entries of the log with these members, e.g. `{ kind: 'token', grant: 'refresh_token', status: 200 }`. */
    where(members) {
      return counts.log.filter((entry) => Object.entries(members).every(([key, value]) => entry[key] === value));
    },

    /** Resolves once `predicate(counts)` holds; rejects after `ms` milliseconds. */
    until(predicate, ms = 10_000) {
      return new Promise((resolve, reject) => {
        const check = () => {
          if (!predicate(counts)) return;
          finish();
          resolve(counts);
        };
        const finish = () => {
          clearTimeout(timer);
          listeners.delete(check);
        };
        const timer = setTimeout(() => {
          finish();
          reject(new Error(`still not true after ${ms} ms: ${predicate}; counts: ${JSON.stringify(counts)}`));
        }, ms);
        listeners.add(check);
        check();
      });
    },

    toJSON() {
      const plain = { grants: { ...counts.grants } };
      for (const kind of KINDS) plain[kind] = counts[kind];
      return plain;
    },
  };
  counts.reset();
  return counts;
}
