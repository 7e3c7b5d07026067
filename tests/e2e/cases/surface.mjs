import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';

scenario('after a login there is no token in any storage, and no transaction is left', async (stage) => {
  await stage.signIn();
  const found = await stage.run(async () => {
    const token = await auth.getToken();
    const databases = (await indexedDB.databases?.()) ?? [];
    return {
      session: { ...sessionStorage },
      local: { ...localStorage },
      cookie: document.cookie,
      name: window.name,
      databases: databases.map(({ name }) => name),
      caches: 'caches' in globalThis ? await caches.keys() : [],
      token,
    };
  });
  assert.ok(found.token);
  assert.deepEqual({ ...found, token: undefined }, {
    session: {}, local: {}, cookie: '', name: found.name, databases: [], caches: [], token: undefined,
  });
  assert.ok(!found.name.includes(found.token));
});

scenario('what waits in sessionStorage during a login is one record without a token', async (stage) => {
  await stage.open();
  await stage.pendingState();
  const [[key, value]] = await stage.evaluate(() => Object.entries(sessionStorage));
  assert.ok(key.startsWith(`tokenward.login.${stage.world.issuer} e2e.`), key);
  assert.doesNotMatch(value, /access_token|refresh_token|id_token/);
});

for (const [options, module] of [
  [{}, 'inline-lean.js'],
  [{ persistence: 'sealed' }, 'inline.js'],
  [{ repairs: ['scope-list'] }, 'inline.js'],
  [{ engine: 'whole' }, 'inline.js'],
]) {
  scenario(`with ${JSON.stringify(options)} the page loads ${module} and nothing else of the kind`, async (stage) => {
    await stage.signIn(options);
    const loaded = await stage.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
    assert.deepEqual(loaded.filter((path) => /\/inline(-lean)?\.js$|\.wasm$/.test(path)).map((path) => path.split('/').at(-1)), [module]);
    await stage.run(() => auth.logout({ local: true }));
  });
}

scenario('slim: the lean module refuses what it has no part for, the whole one does it', async (stage) => {
  await stage.open();
  const refused = await stage.refused(async () => {
    const { createClient } = await import('/pkg/dist/slim.js');
    await createClient({ ...setup.options, clientId: 'slim', persistence: 'sealed' }, '/pkg/dist/tokenward-lean.wasm');
  });
  assert.deepEqual([refused.code, refused.path, refused.phase], ['feature_missing', 'persistence', 'options']);
  const persistence = await stage.run(async () => {
    const { createClient } = await import('/pkg/dist/slim.js');
    const client = await createClient({ ...setup.options, clientId: 'slim', persistence: 'sealed' }, '/pkg/dist/tokenward.wasm');
    const { persistence } = client.session;
    await client.dispose();
    return persistence;
  });
  assert.equal(persistence, 'sealed');
});

scenario('a wrong option is an AuthError that names its path and the nearest known key', async (stage) => {
  await stage.open();
  const refuse = (options) => stage.refused((given) => tokenward.createClient({ ...setup.options, ...given }), options);
  const misspelt = await refuse({ clientid: 'e2e' });
  assert.equal(misspelt.name, 'AuthError');
  assert.equal(misspelt.code, 'option_unknown');
  assert.equal(misspelt.phase, 'options');
  assert.match(misspelt.path, /^clientid\b.*\bclientId\b/);
  assert.equal((await refuse({ issuer: 7 })).code, 'option_invalid');
  assert.equal((await refuse({ issuer: 'http://id.example.com' })).code, 'insecure_url');
  assert.equal((await refuse({ responseType: 'token' })).code, 'implicit_refused');
  const missing = await stage.refused(() => tokenward.createClient({ clientId: 'e2e' }));
  assert.equal(missing.code, 'option_missing');
  assert.equal(missing.path, 'issuer');
  assert.equal((await stage.refused(() => auth.login({ promt: 'login' }))).code, 'option_unknown');
  assert.equal((await stage.refused(() => auth.login({ returnTo: 'https://evil.example/' }))).code, 'option_invalid');
  assert.equal(stage.counts.log.length, 0);
  assert.equal(await stage.status(), 'signed-out');
});

scenario('isAuthError: true for an AuthError, of another copy of the package too', async (stage) => {
  await stage.open();
  const answers = await stage.run(async () => {
    const copy = await import('/e2e/copy/dist/index.js');
    const error = await auth.getToken().catch((caught) => caught);
    return [
      tokenward.isAuthError(error),
      error instanceof tokenward.AuthError,
      copy.isAuthError(error),
      error instanceof copy.AuthError,
      tokenward.isAuthError(new Error('no')),
      tokenward.isAuthError({ code: 'login_required' }),
    ];
  });
  assert.deepEqual(answers, [true, true, true, false, false, false]);
});

scenario('equal options give one client, a disposed one is replaced', async (stage) => {
  await stage.signIn();
  const found = await stage.run(async () => {
    const same = (await tokenward.createClient({ ...setup.options })) === auth;
    const pending = auth.getToken({ fresh: true }).catch(({ code }) => code);
    await auth.dispose();
    const after = await auth.getToken().catch(({ code }) => code);
    const next = await tokenward.createClient(setup.options);
    return { same, pending: await pending, after, other: next !== auth, status: next.session.status, old: auth.session.status };
  });
  assert.deepEqual(found, {
    same: true, pending: 'client_disposed', after: 'client_disposed', other: true, status: 'signed-out', old: 'signed-out',
  });
});

scenario('a disposed client renews nothing more', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  await stage.run(() => auth.dispose());
  const before = stage.counts.token;
  await new Promise((resolve) => { setTimeout(resolve, 2500); });
  assert.equal(stage.counts.token, before);
});

scenario('an engine that fails: everything pending is rejected with engine_failed, a new client works', async (stage) => {
  await stage.signIn();
  const found = await stage.run(async () => {
    const pending = auth.getToken({ fresh: true }).catch(({ code }) => code);
    // Without randomness there is nothing the engine could do but panic.
    const { getRandomValues } = Crypto.prototype;
    Crypto.prototype.getRandomValues = () => { throw new Error('no randomness'); };
    const login = await auth.login().catch(({ code }) => code);
    Crypto.prototype.getRandomValues = getRandomValues;
    const later = await auth.getToken().catch(({ code }) => code);
    const { status, lastError } = auth.session;
    window.auth = await window.open(setup.options);
    return { pending: await pending, login, later, status, error: lastError.code };
  });
  assert.deepEqual(found, {
    pending: 'engine_failed', login: 'engine_failed', later: 'engine_failed', status: 'signed-out', error: 'engine_failed',
  });
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('the content security policy of the pages is enough', async (stage) => {
  await stage.signIn();
  await stage.run(() => auth.getToken({ fresh: true }));
  const policy = await stage.run(async () => (await fetch(location.href)).headers.get('content-security-policy'));
  assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
  assert.deepEqual(await stage.seen('violations'), []);
  // The control: what the policy forbids is seen here.
  await stage.evaluate(() => { fetch('http://localhost:1/').catch(() => {}); });
  await stage.until('a violation is seen', async () => (await stage.seen('violations')).length === 1);
  await stage.evaluate(() => { seen.violations.length = 0; });
});

scenario('no sessionStorage: login() is refused with storage_unavailable', async (stage) => {
  stage.set({
    before: () => {
      Object.defineProperty(window, 'sessionStorage', { get: () => { throw new DOMException('no', 'SecurityError'); } });
    },
  });
  await stage.open();
  assert.equal((await stage.refused(() => auth.login())).code, 'storage_unavailable');
  assert.equal(await stage.status(), 'signed-out');
});
