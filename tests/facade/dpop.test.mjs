// Keys and proofs of RFC 9449, checked by an independent implementation. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';
import { codeOf, Fail, load, makeClient, openPage } from './support.mjs';

const { adopt, keepKey, prove } = await load('dpop');

let sent;
beforeEach(() => {
  openPage();
  sent = [];
});

const verified = (proof) => jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'Ed25519', 'EdDSA'] });

test('RFC 9449 section 6: the thumbprint of the key', async () => {
  const jwk = {
    kty: 'EC',
    x: 'l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs',
    y: '9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA',
    crv: 'P-256',
  };
  const publicKey = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
  assert.equal(await adopt({ pair: { publicKey } }), '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
});

test('RFC 8037 appendix A.3: the thumbprint of an Ed25519 key', async () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  const publicKey = await crypto.subtle.importKey('jwk', jwk, 'Ed25519', true, ['verify']);
  assert.equal(await adopt({ pair: { publicKey }, alg: 'EdDSA' }), 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('a proof by Ed25519 verifies, under the name that the server announces', async () => {
  for (const alg of ['Ed25519', 'EdDSA']) {
    const key = await keepKey('make-key', '', alg);
    const { payload, protectedHeader } = await verified(await prove(key, 'GET', 'https://api.example/', 'n-1', 'T'));
    assert.deepEqual({ ...protectedHeader, jwk: { ...protectedHeader.jwk, x: '' } }, {
      typ: 'dpop+jwt', alg, jwk: { crv: 'Ed25519', kty: 'OKP', x: '' },
    });
    assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), key);
    assert.equal(payload.htu, 'https://api.example/');
  }
});

test('a proof has what section 4.2 asks for, and verifies', async () => {
  const key = await keepKey('make-key', '', 'ES256');
  const before = Math.floor(Date.now() / 1000);
  const { payload, protectedHeader } = await verified(await prove(key, 'POST', 'https://id.example/token', 'n-1'));
  assert.deepEqual(Object.keys(protectedHeader).sort(), ['alg', 'jwk', 'typ']);
  assert.deepEqual(Object.keys(protectedHeader.jwk).sort(), ['crv', 'kty', 'x', 'y'], 'public members only');
  assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), key);
  assert.deepEqual(Object.keys(payload).sort(), ['htm', 'htu', 'iat', 'jti', 'nonce']);
  assert.equal(payload.htm, 'POST');
  assert.equal(payload.htu, 'https://id.example/token');
  assert.equal(payload.nonce, 'n-1');
  assert.ok(payload.iat >= before && payload.iat <= before + 2);
  assert.ok(Buffer.from(payload.jti, 'base64url').length >= 16, '128 bits');
});

test('RFC 9449 section 7: the hash of the access token', async () => {
  const key = await keepKey('make-key', '', 'ES256');
  const token = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
  const { payload } = await verified(await prove(key, 'GET', 'https://resource.example.org/protectedresource', null, token));
  assert.equal(payload.ath, 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo');
  assert.equal('nonce' in payload, false);
});

test('htu is the address as the browser writes it, without query and fragment', async () => {
  const key = await keepKey('make-key', '', 'ES256');
  for (const [url, htu] of [
    ['HTTPS://API.Example:443/a/./b/../c?x=1#y', 'https://api.example/a/c'],
    ['https://api.example', 'https://api.example/'],
    ['https://api.example:8443/%7Ea/ü?', 'https://api.example:8443/%7Ea/%C3%BC'],
    ['http://localhost:80/#', 'http://localhost/'],
    ['https://api.example/a;b=c/?redirect=https://x/', 'https://api.example/a;b=c/'],
  ]) {
    assert.equal((await verified(await prove(key, 'GET', url))).payload.htu, htu, url);
  }
});

test('I06: 200 proofs at once are 200 different ones', async () => {
  const key = await keepKey('make-key', '', 'ES256');
  const proofs = await Promise.all(Array.from({ length: 200 }, () => prove(key, 'GET', 'https://api.example/', null, 'T')));
  const ids = await Promise.all(proofs.map(async (proof) => (await verified(proof)).payload.jti));
  assert.equal(new Set(ids).size, 200);
});

test('the private key cannot be read out, and another key is not taken instead', async () => {
  const { generateKey } = crypto.subtle;
  let made;
  crypto.subtle.generateKey = async function generate(...args) {
    made = await generateKey.apply(crypto.subtle, args);
    return made;
  };
  try {
    await keepKey('make-key', '', 'ES256');
  } finally {
    delete crypto.subtle.generateKey;
  }
  assert.equal(made.privateKey.extractable, false);
  assert.deepEqual(made.privateKey.usages, ['sign']);
  await assert.rejects(prove('another', 'GET', 'https://api.example/'));
});

test('a key that cannot wait for its login is told from one that cannot be made', async () => {
  // Here there is no page.
  assert.equal(await keepKey('make-key', 'tw.state', 'ES256'), undefined);
  crypto.subtle.generateKey = async () => {
    throw new DOMException('', 'NotSupportedError');
  };
  try {
    await assert.rejects(keepKey('make-key', 'tw.state', 'Ed25519'));
  } finally {
    delete crypto.subtle.generateKey;
  }
});

test('a key that is dropped is gone, and nothing is stored for its sake', async () => {
  const key = await keepKey('make-key', '', 'ES256');
  // There is no IndexedDB here.
  await keepKey('drop-key', key);
  await assert.rejects(prove(key, 'GET', api));
  await assert.rejects(keepKey('drop-key', 'of another page'));
});

// auth.fetch and auth.proof on an engine that says what is to be done.

const api = 'https://api.example/v1';

const serve = (...answers) => {
  globalThis.fetch = async (request) => {
    sent.push({
      token: request.headers.get('authorization'),
      proof: request.headers.get('dpop'),
      body: await request.text(),
    });
    const [status, headers] = answers.shift() ?? [200];
    return new Response('', { status, headers });
  };
};

const ready = async (answers) => {
  const { client, core } = await makeClient({ apis: [api], dpop: 'required' });
  const key = await keepKey('make-key', '', 'ES256');
  const terms = { serial: 1, nonce: null, tries: 0, renewed: false };
  const script = answers.map((answer) => answer && { token: 'T1', key, ...terms, ...answer });
  core.answers.proof = () => (script.length ? (script.shift() ?? null) : { token: 'T1', key, ...terms });
  return { client, core, key };
};

test('auth.fetch sends token and proof', async () => {
  const { client, core, key } = await ready([]);
  serve();
  await client.fetch(`${api}/notes?x=1`, { method: 'PUT', body: 'b', headers: { DPoP: 'mine', Authorization: 'Bearer mine' } });
  const [{ token, proof, body }] = sent;
  assert.equal(token, 'DPoP T1');
  assert.equal(body, 'b');
  const { payload, protectedHeader } = await verified(proof);
  assert.equal(payload.htm, 'PUT');
  assert.equal(payload.htu, `${api}/notes`);
  assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), key);
  assert.deepEqual({ ...core.calls.at(-1).args }, { origin: 'https://api.example' });
  assert.equal(core.count('getToken'), 0);
});

test('what the API said is for the engine to judge; a retry has another proof and the whole body', async () => {
  const { client, core } = await ready([{}, { nonce: 'n1', tries: 1 }]);
  const challenge = 'DPoP error="use_dpop_nonce"';
  serve([401, { 'WWW-Authenticate': challenge, 'DPoP-Nonce': 'n1' }], [200]);
  assert.equal((await client.fetch(`${api}/notes`, { method: 'POST', body: 'whole' })).status, 200);
  assert.deepEqual(sent.map(({ body }) => body), ['whole', 'whole']);
  const [first, second] = await Promise.all(sent.map(async ({ proof }) => (await verified(proof)).payload));
  assert.notEqual(first.jti, second.jti);
  assert.deepEqual([first.nonce, second.nonce], [undefined, 'n1']);
  const { args } = core.calls.at(-1);
  assert.deepEqual({ ...args, sent: { ...args.sent } }, {
    origin: 'https://api.example',
    sent: { serial: 1, nonce: null, tries: 0, renewed: false },
    status: 401,
    nonce: 'n1',
    challenge,
    last: false,
  });
});

test('an answer that teaches nothing is not told', async () => {
  const { client, core } = await ready([]);
  serve([200], [404]);
  await client.fetch(`${api}/a`);
  await client.fetch(`${api}/b`);
  assert.equal(core.count('proof'), 2);
});

test('a nonce that comes with a good answer is told', async () => {
  const { client, core } = await ready([{}, null]);
  serve([200, { 'DPoP-Nonce': 'n2' }]);
  assert.equal((await client.fetch(`${api}/a`)).status, 200);
  assert.deepEqual([core.calls.at(-1).args.nonce, core.calls.at(-1).args.status], ['n2', 200]);
});

test('a nonce that cannot be had is an error, a token that cannot be had is the answer of the API', async () => {
  const { client, core, key } = await ready([]);
  for (const [code, expected] of [['dpop_nonce_missing', 'dpop_nonce_missing'], ['session_ended', 401]]) {
    core.answers.proof = (args) => (args.sent ? new Fail(code) : { token: 'T1', key, serial: 1, nonce: null, tries: 0, renewed: false });
    serve([401]);
    const result = client.fetch(`${api}/a`);
    if (typeof expected === 'string') assert.equal(await codeOf(result), expected);
    else assert.equal((await result).status, expected);
  }
});

test('a Bearer token in a client that prefers bound ones', async () => {
  const { client } = await ready([{ key: null }]);
  serve();
  await client.fetch(`${api}/a`, { headers: { DPoP: 'mine' } });
  assert.deepEqual([sent[0].token, sent[0].proof], ['Bearer T1', null]);
});

test('auth.proof: headers of one request, for any transport', async () => {
  const { client, core, key } = await ready([]);
  const { authorization, dpop } = await client.proof({ method: 'POST', url: new URL(`${api}/x?y`), nonce: 'n9' });
  assert.equal(authorization, 'DPoP T1');
  const { payload, protectedHeader } = await verified(dpop);
  assert.deepEqual([payload.htm, payload.htu], ['POST', `${api}/x`]);
  assert.equal(await calculateJwkThumbprint(protectedHeader.jwk), key);
  assert.equal(core.calls.at(-1).args.nonce, 'n9');
  // Another token is for the engine to judge, too; without keys it is a Bearer token.
  await client.proof({ url: api, token: 'T2' });
  assert.equal(core.calls.at(-1).args.token, 'T2');
  const plain = await makeClient({});
  assert.deepEqual(await plain.client.proof({ url: api, token: 'T2' }), { authorization: 'Bearer T2' });
  core.answers.proof = () => ({ token: 'T1', key: null, serial: 1, nonce: null, tries: 0, renewed: false });
  assert.deepEqual(await client.proof({ url: `${api}/x` }), { authorization: 'Bearer T1' });
  const hidden = await makeClient({ exposeAccessToken: false });
  assert.equal(await codeOf(hidden.client.proof({ url: api })), 'token_hidden');
});
