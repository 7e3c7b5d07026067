// Signatures as `jose` makes and judges them: valid, tampered with, of another key, and of another algorithm than
// the header says.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as jose from 'jose';
import { CLIENT, ISSUER, open } from './ours.mjs';

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'EdDSA', 'Ed25519'];
const utf8 = new TextEncoder();

const makeKey = async (alg) => {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await jose.exportJWK(publicKey)), kid: alg } };
};
const keys = Object.fromEntries(await Promise.all(ALGORITHMS.map(async (alg) => [alg, await makeKey(alg)])));
const others = Object.fromEntries(await Promise.all(ALGORITHMS.map(async (alg) => [alg, await makeKey(alg)])));

const server = { keys: ALGORITHMS.map((alg) => keys[alg].jwk) };
const client = await open(server);
after(() => client.close());

const claimsFor = (request) => {
  const now = Math.floor(Date.now() / 1000);
  return { iss: ISSUER, aud: CLIENT, sub: 'alice', iat: now, exp: now + 600, nonce: request.nonce };
};
const sign = (header, claims, key) => new jose.SignJWT(claims).setProtectedHeader(header).sign(key);

const flip = (token, part, at) => {
  const parts = token.split('.');
  const octets = jose.base64url.decode(parts[part]);
  octets[at < 0 ? octets.length + at : at] ^= 1;
  parts[part] = jose.base64url.encode(octets);
  return parts.join('.');
};

/** The judge: `jose`, with the keys and the algorithms that we have. */
const judge = async (token) => {
  const keySet = jose.createLocalJWKSet({ keys: server.keys });
  const options = { issuer: ISSUER, audience: CLIENT, algorithms: ALGORITHMS };
  return jose.jwtVerify(token, keySet, options).then(() => true, () => false);
};

/** Ours and theirs about one token; the keys are kept, so every login uses the same. */
const compare = async (name, make, expected) => {
  let token;
  const refusal = await client.verdict(async (request) => {
    token = await make(claimsFor(request));
    return { access_token: 'at', token_type: 'Bearer', id_token: token };
  });
  assert.equal(refusal === undefined, expected, `${name}: ours says ${refusal}`);
  assert.equal(await judge(token), expected, `${name}: the judge`);
};

for (const alg of ALGORITHMS) {
  const { privateKey } = keys[alg];
  const header = { alg, kid: alg };

  test(`${alg}: valid, with and without a type`, async () => {
    await compare('valid', (claims) => sign(header, claims, privateKey), true);
    await compare('typ', (claims) => sign({ ...header, typ: 'JWT' }, claims, privateKey), true);
  });

  test(`${alg}: one bit of payload and signature`, async () => {
    await compare('payload', async (claims) => flip(await sign(header, { ...claims, x: 'a' }, privateKey), 1, -3), false);
    for (const at of [0, 31, -1]) {
      await compare(`signature ${at}`, async (claims) => flip(await sign(header, claims, privateKey), 2, at), false);
    }
  });

  test(`${alg}: another key under the same name`, async () => {
    await compare('wrong key', (claims) => sign(header, claims, others[alg].privateKey), false);
  });

  test(`${alg}: the name of another algorithm in the header`, async () => {
    for (const said of [...ALGORITHMS, 'ES512', 'HS256', 'none']) {
      // EdDSA and Ed25519 are two names of one algorithm.
      if (said === alg || (said.startsWith('Ed') && alg.startsWith('Ed'))) continue;
      await compare(`${alg} as ${said}`, async (claims) => {
        const [, payload, signature] = (await sign(header, claims, privateKey)).split('.');
        const head = jose.base64url.encode(JSON.stringify({ alg: said, kid: alg }));
        return `${head}.${payload}.${signature}`;
      }, false);
    }
  });

  test(`${alg}: a MAC with what is public as its secret`, async () => {
    const { jwk } = keys[alg];
    const pem = await jose.exportSPKI(await jose.importJWK({ ...jwk, ext: true }, alg, { extractable: true }));
    for (const secret of [pem, JSON.stringify(jwk), jwk.n ?? jwk.x]) {
      await compare('HS256', (claims) => sign({ alg: 'HS256', kid: alg }, claims, utf8.encode(secret.padEnd(32))), false);
    }
  });

  test(`${alg}: no signature`, async () => {
    await compare('empty', async (claims) => `${(await sign(header, claims, privateKey)).split('.').slice(0, 2).join('.')}.`, false);
    await compare('none', async (claims) => {
      const [, payload] = (await sign(header, claims, privateKey)).split('.');
      return `${jose.base64url.encode('{"alg":"none"}')}.${payload}.`;
    }, false);
  });
}

test('a token without a key name, when one key of its type is there', async () => {
  for (const alg of ['ES256', 'ES384']) {
    await compare(alg, (claims) => sign({ alg }, claims, keys[alg].privateKey), true);
    await compare(`${alg} of others`, (claims) => sign({ alg }, claims, others[alg].privateKey), false);
  }
});

test('a key that the token brings along is not used', async () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA']) {
    const { privateKey, jwk } = others[alg];
    await compare(alg, (claims) => sign({ alg, jwk, kid: 'own' }, claims, privateKey), false);
  }
});
