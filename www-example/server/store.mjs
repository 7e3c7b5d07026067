// Everything the provider remembers, in memory, in a form that a test can look into and take away.

const BY_GRANT = new Set(['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode', 'BackchannelAuthenticationRequest']);

/** @param {() => number} grace milliseconds in which a refresh token that was used is taken once more */
export function createStore(grace = () => 0) {
  /** @type {Map<string, { model: string, id: string, payload: Record<string, any>, expiresAt: number, consumedAt?: number }>} */
  const rows = new Map();
  let writes = 0;

  function get(model, id) {
    const key = `${model}:${id}`;
    const row = rows.get(key);
    if (row && row.expiresAt <= Date.now()) {
      rows.delete(key);
      return undefined;
    }
    return row;
  }

  function find(model, matches) {
    for (const row of rows.values()) {
      if (row.model === model && row.expiresAt > Date.now() && matches(row.payload)) return row.payload;
    }
    return undefined;
  }

  function sweep() {
    for (const [key, row] of rows) if (row.expiresAt <= Date.now()) rows.delete(key);
  }

  function removeGrant(grantId) {
    for (const [key, row] of rows) {
      if (BY_GRANT.has(row.model) && row.payload.grantId === grantId) rows.delete(key);
    }
  }

  return {
    /** oidc-provider's `adapter` setting. */
    adapter: (model) => ({
      async upsert(id, payload, expiresIn) {
        writes += 1;
        if (writes % 1000 === 0) sweep();
        const expiresAt = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
        rows.set(`${model}:${id}`, { model, id, payload, expiresAt });
      },
      async find(id) {
        const row = get(model, id);
        const forgiven = model === 'RefreshToken' && row?.consumedAt !== undefined && Date.now() - row.consumedAt < grace();
        return forgiven ? { ...row.payload, consumed: undefined } : row?.payload;
      },
      findByUid: async (uid) => find(model, (payload) => payload.uid === uid),
      findByUserCode: async (code) => find(model, (payload) => payload.userCode === code),
      async consume(id) {
        const row = get(model, id);
        if (!row) return;
        row.payload.consumed = Math.floor(Date.now() / 1000);
        row.consumedAt ??= Date.now();
      },
      destroy: async (id) => {
        rows.delete(`${model}:${id}`);
      },
      revokeByGrantId: async (grantId) => removeGrant(grantId),
    }),

    /** Forgets grants and every token that came from them; returns how many grants there were. */
    revokeGrants({ sub, clientId } = {}) {
      let count = 0;
      for (const [key, { model, id, payload }] of rows) {
        if (model !== 'Grant') continue;
        if (sub !== undefined && payload.accountId !== sub) continue;
        if (clientId !== undefined && payload.clientId !== clientId) continue;
        rows.delete(key);
        removeGrant(id);
        count += 1;
      }
      return count;
    },

    /** Forgets that browsers are signed in at the provider: the next authorization asks for a login. */
    endSessions({ sub } = {}) {
      let count = 0;
      for (const [key, { model, payload }] of rows) {
        if (model !== 'Session' || (sub !== undefined && payload.accountId !== sub)) continue;
        rows.delete(key);
        count += 1;
      }
      return count;
    },
  };
}
