// The keys of DPoP (RFC 9449) and what is signed with them. When a proof is due, with which key and nonce, and what
// its refusal means is decided by the engine. A page loads this only with the option `dpop`: other apps do not pay for it.

import type { AskProof, Engine, Plain, Presenter, Start } from './core.js';

interface Key {
  pair: CryptoKeyPair;
  /** The JWS algorithm it is used with. */
  alg: string;
  /** Whether its handle is stored too. */
  stored: boolean;
  /** The public members in the order of RFC 7638 3.2, which is what is hashed. */
  jwk: string;
}

/** A key where it is stored. */
interface Stored {
  pair: CryptoKeyPair;
  /** ES256 when it does not say. */
  alg?: string;
  /** When a pending login began. */
  at?: number;
}

/** Keys by their thumbprint: of sessions, and of logins that are about to be finished. */
const keys = new Map<string, Key>();

/** A page that begins more logins than that has given the first ones up. */
const MOST_KEYS = 50;

/** A pending login is not taken up later. */
const LIFE = 30 * 60 * 1000;

const { subtle } = crypto;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** The other algorithms that the engine names are two names for one. */
const parametersOf = (alg: string) => (alg === 'ES256' ? ECDSA : 'Ed25519');

const base64url = (bytes: ArrayBuffer | Uint8Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');

const octets = (text: string) => new TextEncoder().encode(text);

const hash = async (text: string): Promise<string> => base64url(await subtle.digest('SHA-256', octets(text)));

/** Reads the public members of a key; gives them and their thumbprint. */
const read = async ({ publicKey }: CryptoKeyPair): Promise<[jwk: string, name: string]> => {
  const { crv, kty, x, y } = await subtle.exportKey('jwk', publicKey);
  // Of an OKP key (RFC 8037 2) there is no `y`, here as there.
  const jwk = JSON.stringify({ crv, kty, x, y });
  return [jwk, await hash(jwk)];
};

/** Puts a key into memory under its thumbprint, and gives that. */
export const adopt = async ({ pair, alg = 'ES256' }: Stored, isStored = false): Promise<string> => {
  const [jwk, name] = await read(pair);
  keys.set(name, { pair, alg, stored: isStored, jwk });
  if (keys.size > MOST_KEYS) keys.delete(keys.keys().next().value!);
  return name;
};

/** Does something in the store of the keys of pending logins and sealed sessions. */
const stored = (work: (store: IDBObjectStore) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('tokenward.dpop');
    opening.onerror = reject;
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('keys', 'readwrite');
      transaction.oncomplete = () => resolve();
      transaction.onabort = reject;
      work(transaction.objectStore('keys'));
      // It waits for the transaction.
      opening.result.close();
    };
  });

const sweep = (store: IDBObjectStore): void => {
  const cursor = store.openCursor();
  cursor.onsuccess = () => {
    const entry = cursor.result;
    if (!entry) return;
    // That of a session has no date.
    if (Math.abs(Date.now() - (entry.value as Stored).at!) > LIFE) entry.delete();
    entry.continue();
  };
};

/** The key stored under a name. */
const found = async (name: string, once: boolean): Promise<string> => {
  let entry: Stored | undefined;
  await stored((store) => {
    const request = store.get(name);
    request.onsuccess = () => {
      entry = request.result as typeof entry;
      if (once) store.delete(name);
    };
  });
  return adopt(entry!, !once);
};

const work: Record<string, (name: string, alg: string) => Promise<string | void>> = {
  'make-key': async (state, alg) => {
    const pair = (await subtle.generateKey(parametersOf(alg), false, ['sign'])) as CryptoKeyPair;
    if (!state) return adopt({ pair, alg });
    // A vault's keys are not for pages: there the code is bound to none.
    if (!globalThis.document) return;
    const [, name] = await read(pair);
    // Written before the page leaves, taken out when it is back, as the login itself. What cannot be is not there.
    return stored((store) => {
      sweep(store);
      store.put({ pair, alg, at: Date.now() } satisfies Stored, state);
    }).then(
      () => name,
      () => {},
    );
  },
  'take-key': (state) => found(state, true),
  'keep-key': (name) => {
    const key = keys.get(name)!;
    const { pair, alg } = key;
    key.stored = true;
    return stored((store) => store.put({ pair, alg } satisfies Stored, name));
  },
  'drop-key': async (name) => {
    const key = keys.get(name);
    keys.delete(name);
    // One that this page never used may be stored all the same. What is not is no reason to make a store.
    if (key?.stored !== false) await stored((store) => store.delete(name));
  },
};

/**
 * Makes or finds a key; gives its thumbprint, or nothing of one that cannot wait for its login. Rejects when there is none.
 */
export const keepKey = (verb: string, name: string, alg = ''): Promise<string | void> => work[verb]!(name, alg);

/** Starts engines that have keys, beside whatever else the host keeps for them. */
export const withKeys =
  (start: Start): Start =>
  async (options, environment, host) => {
    let engine: Engine | undefined;
    engine = await start(options, environment, {
      ...host,
      keep: (job, verb, name, record, over) => {
        if (!work[verb]) return host.keep(job, verb, name, record, over);
        keepKey(verb, name, record)
          .then(
            (key) => job && engine?.kept(job, 'done', key as string | undefined),
            () => job && engine?.kept(job, 'failed'),
          )
          .catch((cause: unknown) => host.poison(cause));
      },
      prove,
    });
    return engine;
  };

/** RFC 9449 4.2. `accessToken`: the one that is sent along (section 7). Rejects when the key is gone. */
export const prove = async (
  name: string,
  method: string,
  url: string,
  nonce?: string | null,
  accessToken?: string,
): Promise<string> => {
  // Another page of a sealed session finds it where that is kept.
  const key = keys.get(keys.has(name) ? name : await found(name, false))!;
  // The URL as this browser serialises it, which is how it is sent.
  const htu = new URL(url);
  htu.search = htu.hash = '';
  const claims = {
    jti: base64url(crypto.getRandomValues(new Uint8Array(16))),
    htm: method,
    htu: htu.href,
    iat: Math.floor(Date.now() / 1000),
    ...(accessToken && { ath: await hash(accessToken) }),
    ...(nonce && { nonce }),
  };
  const header = `{"typ":"dpop+jwt","alg":"${key.alg}","jwk":${key.jwk}}`;
  const input = `${base64url(octets(header))}.${base64url(octets(JSON.stringify(claims)))}`;
  return `${input}.${base64url(await subtle.sign(parametersOf(key.alg), key.pair.privateKey, octets(input)))}`;
};

/** Requests with proofs: again after an answer that is worth it. */
export const proving =
  (ask: AskProof): Presenter =>
  async ({ method, url, signal }, sent, response, last) => {
    const args: Plain = { origin: new URL(url).origin };
    if (sent && response) {
      const { status, headers } = response;
      const nonce = headers.get('dpop-nonce');
      if (status !== 401 && !nonce) return undefined;
      Object.assign(args, { sent: sent.terms, status, nonce, challenge: headers.get('www-authenticate'), last });
    }
    const given = await ask(args, signal);
    if (!given) return undefined;
    const { token, key, ...terms } = given;
    if (!key) return { authorization: `Bearer ${token}`, terms };
    const dpop = await prove(key, method, url, terms.nonce, token).catch(() => undefined);
    // The engine says what that means.
    return dpop ? { authorization: `DPoP ${token}`, dpop, terms } : ((await ask({ lost: true }, signal)) as undefined);
  };
