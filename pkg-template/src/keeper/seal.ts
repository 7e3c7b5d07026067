/** AES-GCM (NIST SP 800-38D) under a key that cannot be exported. */

/** No record of ours is longer. */
const MOST = 1 << 20;

const AES = 'AES-GCM';

/** What is stored. The text cannot be read without the key, and only as what it was sealed for. */
export interface Sealed {
  iv: Uint8Array;
  data: ArrayBuffer;
}

/** A key, and an id to tell it from its successor. */
export interface Key {
  id: string;
  key: CryptoKey;
}

/** Random text that nobody will draw again. */
export const unique = (crypto: Crypto): string => crypto.getRandomValues(new Uint32Array(4)).join('.');

export const makeKey = async (crypto: Crypto): Promise<Key> => ({
  id: unique(crypto),
  key: await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ['encrypt', 'decrypt']),
});

/**
 * A stored key, if it is one of ours: one that could be exported is somebody's trick. `null`: there is one, and this
 * realm cannot read it. (Shared workers of WebKit can neither store keys nor read those that a page has stored.)
 */
export const readKey = (stored: unknown): Key | null | undefined => {
  if (stored === null) return null;
  const { id, key } = (stored ?? {}) as Partial<Key>;
  return typeof id === 'string' && key?.extractable === false && key.algorithm?.name === AES ? { id, key } : undefined;
};

// `about` says what the record is: none can be put in the place of another.
const parameters = (iv: Uint8Array, about: string[]) => ({
  name: AES,
  iv: iv as BufferSource,
  additionalData: new TextEncoder().encode(JSON.stringify(about)),
});

export const seal = async (crypto: Crypto, { key }: Key, text: string, about: string[]): Promise<Sealed> => {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > MOST) throw new RangeError();
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt(parameters(iv, about), key, bytes) };
};

/** The text; undefined when it is not what was sealed. */
export const unseal = async (
  crypto: Crypto,
  key: Key | null | undefined,
  stored: unknown,
  about: string[],
): Promise<string | undefined> => {
  try {
    const { iv, data } = stored as Sealed;
    if (!key || !(data.byteLength <= MOST + 16)) return undefined;
    const bytes = await crypto.subtle.decrypt(parameters(iv, about), key.key, data);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
