/** JWS algorithm names (RFC 7518 3.1) and what `crypto.subtle` calls them. */
const NAMES: Record<string, string> = { RS: 'RSASSA-PKCS1-v1_5', PS: 'RSA-PSS', ES: 'ECDSA' };

const octets = (text: string) => new TextEncoder().encode(text);

/**
 * Tries the keys, a list of JWKs as JSON, one after the other. When one fits the result is the digest of `hashed` by
 * the algorithm's hash function, or no octets where none is wanted; `false` when none fits, and `null` when this
 * browser does not know the algorithm.
 */
export const verify = async (
  algorithm: string,
  keys: string,
  signature: Uint8Array<ArrayBuffer>,
  input: string,
  hashed?: string,
): Promise<Uint8Array | false | null> => {
  // RFC 8032: Ed25519 is with SHA-512.
  const bits = algorithm === 'Ed25519' ? 512 : Number(algorithm.slice(2));
  const hash = `SHA-${bits}`;
  // They serve for the import of the key and for the verification.
  const name = NAMES[algorithm.slice(0, 2)] ?? algorithm;
  const parameters = { name, hash, saltLength: bits / 8, namedCurve: `P-${bits}` };
  const { subtle } = crypto;
  let verdict: false | null = false;
  for (const jwk of JSON.parse(keys) as JsonWebKey[]) {
    try {
      const key = await subtle.importKey('jwk', jwk, parameters, false, ['verify']);
      if (await subtle.verify(parameters, key, signature, octets(input))) {
        return hashed === undefined ? octets('') : new Uint8Array(await subtle.digest(hash, octets(hashed)));
      }
    } catch (error) {
      // Otherwise the browser found the key or the signature malformed.
      if (/^(NotSupported|Type)Error$/.test((error as Error).name)) verdict = null;
    }
  }
  return verdict;
};
