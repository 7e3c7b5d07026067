import assert from 'node:assert/strict';
import { decodeProtectedHeader } from 'jose';
import { scenario } from '../case.mjs';
import { claims, proofs, watchProofs } from '../proofs.mjs';

/** How many handles of keys are in IndexedDB. */
const keysStored = (stage) => stage.run(async () => {
  // To open it would make it.
  if (!(await indexedDB.databases()).some(({ name }) => name === 'tokenward.dpop')) return 0;
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tokenward.dpop');
    opening.onerror = reject;
    opening.onsuccess = () => {
      const request = opening.result.transaction('keys').objectStore('keys').count();
      request.onsuccess = () => resolve(request.result);
      opening.result.close();
    };
  });
});

const bound = { dpop: 'required', before: watchProofs };

scenario('I06: dpop: code, refresh, userinfo and API with one key that cannot be read, each with a proof of its own', async (stage) => {
  await stage.signIn(bound);
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'DPoP');
  const first = await stage.run(() => auth.getToken());
  const me = await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me?x=1`)).json());
  assert.equal(me.sub, 'ada');
  assert.equal((await stage.run(() => auth.userinfo())).sub, 'ada');
  const second = await stage.run(() => auth.getToken({ fresh: true }));
  assert.notEqual(first, second);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);

  const all = (await stage.seen('proofs')).filter(({ proof }) => proof);
  const keys = new Set(all.map(({ proof }) => JSON.stringify(decodeProtectedHeader(proof).jwk)));
  assert.equal(keys.size, 1);
  assert.equal(new Set(claims(all).map(({ jti }) => jti)).size, all.length);
  const api = claims(await proofs(stage, '/me'));
  assert.equal(api[0].htu, `${stage.world.apiUrl}/me`);
  assert.notEqual(api[0].ath, api.at(-1).ath);
  // RFC 9449 10: the code was bound to the key too.
  const [{ jkt }] = stage.world.counts.log.filter(({ kind }) => kind === 'authorize').map(({ query }) => ({ jkt: query.get('dpop_jkt') }));
  assert.match(jkt, /^[\w-]{43}$/);
  // It waited in IndexedDB for the page to come back, and waits no longer.
  assert.equal(await keysStored(stage), 0);
});

scenario('dpop: a stolen token is worth nothing', async (stage) => {
  await stage.signIn(bound);
  const token = await stage.run(() => auth.getToken());
  for (const scheme of ['Bearer', 'DPoP']) {
    const response = await fetch(`${stage.world.apiUrl}/me`, { headers: { Authorization: `${scheme} ${token}` } });
    assert.equal(response.status, 401, scheme);
  }
  const { authorization, dpop } = await stage.run(() => auth.proof({ url: `${setup.apiUrl}/me` }));
  const headers = { Authorization: authorization, DPoP: dpop };
  assert.equal((await fetch(`${stage.world.apiUrl}/me`, { headers })).status, 200);
  assert.equal((await fetch(`${stage.world.apiUrl}/notes`, { headers })).status, 401, 'the proof is for another address');
});

scenario('I01: dpop: nonces of the provider and of the API, each with one retry', async (stage) => {
  stage.world.policy.dpopNonce = true;
  await stage.signIn(bound);
  assert.equal(stage.counts.token, 2);
  assert.deepEqual(claims(await proofs(stage, '/token')).map(({ nonce }) => typeof nonce), ['undefined', 'string']);
  const statuses = () => stage.counts.where({ kind: 'api' }).map(({ status }) => status);
  const post = () => stage.run(async () => (await auth.fetch(`${setup.apiUrl}/notes`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ text: 'whole' }),
  })).status);
  assert.equal(await post(), 201);
  assert.deepEqual(statuses(), [401, 201]);
  assert.equal(await post(), 201);
  assert.deepEqual(statuses(), [401, 201, 201]);
  await stage.run(() => auth.getToken({ fresh: true }));
  assert.equal(stage.counts.token, 3, 'the nonce is known by now');
});

scenario('I02: dpop: a provider that demands a nonce for ever is asked three times', async (stage) => {
  await stage.signIn(bound);
  let number = 0;
  stage.world.faults.add('token', {
    status: 400,
    body: { error: 'use_dpop_nonce' },
    get headers() {
      return { 'DPoP-Nonce': `nonce-${number += 1}` };
    },
  });
  stage.counts.reset();
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.equal(error.oauthError, 'use_dpop_nonce');
  assert.equal(stage.counts.token, 3);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('I03: dpop: a nonce that CORS hides', async (stage) => {
  await stage.signIn(bound);
  stage.world.faults.add('token', { status: 400, body: { error: 'use_dpop_nonce' } });
  stage.counts.reset();
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.equal(error.code, 'dpop_nonce_missing');
  assert.match(error.hint, /Access-Control-Expose-Headers/);
  assert.equal(stage.counts.token, 1);
});

scenario('I04: dpop: a Bearer answer ends what requires bound tokens, and is reported where they are preferred', async (stage) => {
  const downgraded = { rewrite: (body) => ({ ...body, token_type: 'Bearer' }) };
  await stage.signIn(bound);
  stage.world.faults.add('token', { ...downgraded, times: 1 });
  assert.equal((await stage.refused(() => auth.getToken({ fresh: true }))).code, 'dpop_downgraded');
  assert.equal(await stage.status(), 'expired');
  stage.world.faults.add('token', { ...downgraded, times: 1 });
  await stage.signIn({ ...bound, dpop: 'preferred' });
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'Bearer');
});

scenario('I08: dpop: a challenge among others, in any case; a Bearer challenge alone does not strip the token of its proof', async (stage) => {
  await stage.signIn(bound);
  const me = () => stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status);
  const challenge = (value) => ({ status: 401, times: 1, headers: { 'WWW-Authenticate': value, 'DPoP-Nonce': 'n-1' } });
  stage.world.faults.add('api', challenge('Basic realm="a, DPoP error=x", dpop ALGS="ES256", ERROR="use_dpop_nonce"'));
  assert.equal(await me(), 200);
  let sent = await proofs(stage, '/me');
  assert.deepEqual(claims(sent).map(({ nonce }) => nonce), [undefined, 'n-1']);
  assert.equal(sent[0].token, sent[1].token, 'no other token');
  stage.world.faults.add('api', challenge('Bearer error="invalid_token"'));
  assert.equal(await me(), 200);
  sent = await proofs(stage, '/me');
  assert.equal(sent.length, 4);
  assert.ok(sent.every(({ token }) => token.startsWith('DPoP ')));
  assert.notEqual(sent[2].token, sent[3].token, 'another token, with its own proof');
});

scenario('dpop: off sends nothing and makes no key', async (stage) => {
  await stage.signIn({ before: watchProofs });
  await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status);
  assert.deepEqual(await proofs(stage, ''), []);
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'Bearer');
});

/** Does something where the provider takes no proofs but these. */
const taking = async ({ world }, algorithms, work) => {
  world.takeProofs(algorithms);
  try {
    await work();
  } finally {
    world.takeProofs(['ES256', 'Ed25519', 'EdDSA']);
  }
};

scenario('dpop: Ed25519 where the provider takes nothing else, under the name that it announces, and after a reload', async (stage) => {
  for (const algorithms of [['EdDSA', 'Ed25519'], ['PS256', 'EdDSA']]) {
    await taking(stage, algorithms, async () => {
      await stage.signIn({ ...bound, persistence: 'sealed' });
      assert.equal(await stage.evaluate(() => auth.session.tokenType), 'DPoP');
      await stage.open();
      await stage.until('the session is restored', async () => (await stage.status()) === 'signed-in');
      await stage.run(() => auth.getToken({ fresh: true }));
      assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
      const headers = (await proofs(stage, '')).map(({ proof }) => decodeProtectedHeader(proof));
      assert.ok(headers.length >= 2);
      assert.ok(headers.every(({ alg, jwk }) => alg === algorithms[1] && jwk.crv === 'Ed25519'));
      await stage.run(() => auth.logout({ local: true }));
    });
  }
});

scenario('dpop: a browser without the provider\'s algorithm is refused before the page is left, or gets Bearer tokens', async (stage) => {
  const withoutEd25519 = () => {
    const { generateKey } = crypto.subtle;
    crypto.subtle.generateKey = (algorithm, ...rest) =>
      algorithm === 'Ed25519' ? Promise.reject(new DOMException('', 'NotSupportedError')) : generateKey.call(crypto.subtle, algorithm, ...rest);
  };
  await taking(stage, ['Ed25519'], async () => {
    stage.set({ dpop: 'required', before: withoutEd25519 });
    await stage.open();
    assert.equal((await stage.refused(() => auth.login())).code, 'dpop_unsupported');
    assert.equal(stage.counts.authorize, 0);
    await stage.signIn({ dpop: 'preferred', before: withoutEd25519 });
    assert.equal(await stage.evaluate(() => auth.session.tokenType), 'Bearer');
  });
  await taking(stage, ['RS256'], async () => {
    stage.set({ dpop: 'required' });
    await stage.open();
    assert.equal((await stage.refused(() => auth.login())).code, 'dpop_unsupported');
  });
});

const inVault = (stage) => ({ dpop: 'required', vault: 'worker', redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome });

scenario('dpop: in a vault the keys never leave the worker', async (stage) => {
  await stage.signIn(inVault(stage));
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'DPoP');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  await stage.run(() => auth.getToken({ fresh: true }));
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  const [{ query }] = stage.counts.where({ kind: 'authorize' });
  assert.equal(query.get('dpop_jkt'), null);
  assert.equal(await keysStored(stage), 0);
  const { authorization, dpop } = await stage.run(() => auth.proof({ url: `${setup.apiUrl}/me` }));
  assert.equal((await fetch(`${stage.world.apiUrl}/me`, { headers: { Authorization: authorization, DPoP: dpop } })).status, 200);
  for (const url of [`${stage.world.issuer}/token`, 'https://elsewhere.test/']) {
    const error = await stage.refused((to) => auth.proof({ method: 'POST', url: to }), url);
    assert.equal(error.code, 'api_not_allowed');
  }
});

scenario('I07: dpop: a sealed session keeps the handle of its key, and only as long as it lasts', async (stage) => {
  await stage.signIn({ ...inVault(stage), persistence: 'sealed' });
  await stage.open(stage.vaultHome);
  await stage.until('the session is restored', async () => (await stage.status()) === 'signed-in');
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'DPoP');
  await stage.run(() => auth.getToken({ fresh: true }));
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  // A page that lost it does not go on with another key: the refresh token is worth nothing without.
  await stage.run(() => new Promise((resolve, reject) => {
    const opening = indexedDB.open('tokenward.dpop');
    opening.onerror = reject;
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('keys', 'readwrite');
      transaction.objectStore('keys').clear();
      transaction.oncomplete = () => resolve(opening.result.close());
    };
  }));
  await stage.open(stage.vaultHome);
  await stage.until('the session is restored', async () => (await stage.status()) === 'signed-in');
  const { token } = stage.counts;
  assert.equal((await stage.refused(() => auth.getToken({ fresh: true }))).code, 'dpop_key_lost');
  assert.equal(stage.counts.token, token);
  assert.equal(await stage.status(), 'expired');
});
