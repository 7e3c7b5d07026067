// Tokens of the mocked server. ID tokens are signed with RS256 for real; access and refresh tokens only look like JWTs,
// because one of the libraries reads them.

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const text = new TextEncoder();

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const part = (value) => base64url(text.encode(JSON.stringify(value)));

const filler = base64url(new Uint8Array(256));

export const unsigned = (claims) => `${part({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${part(claims)}.${filler}`;

export async function createSigner() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { ...ALGORITHM, modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    true,
    ['sign', 'verify'],
  );
  const { n, e } = await crypto.subtle.exportKey('jwk', publicKey);
  return {
    jwks: { keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'one', n, e }] },
    async sign(claims) {
      const signed = `${part({ alg: 'RS256', typ: 'JWT', kid: 'one' })}.${part(claims)}`;
      const signature = await crypto.subtle.sign(ALGORITHM, privateKey, text.encode(signed));
      return `${signed}.${base64url(new Uint8Array(signature))}`;
    },
  };
}
