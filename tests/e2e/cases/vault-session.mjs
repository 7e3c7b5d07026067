// Tokens in a worker: the same client, the same life of a session.

import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { KINDS, signInTo } from '../vault.mjs';

/** Which files of the package the page has loaded. */
const files = (stage) => stage.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));

const expire = (stage) => stage.run(async () => {
  while (Date.now() <= auth.session.expiresAt) await new Promise((resolve) => { setTimeout(resolve, 50); });
});

for (const [vault, kind] of Object.entries(KINDS)) {
  scenario(`${kind}: login, token, API, logout, and the page never has the engine`, async (stage) => {
    await signInTo(stage, vault);
    const session = await stage.evaluate(() => window.auth.session);
    assert.equal(session.vault, kind);
    assert.equal(session.claims.name, 'Ada Lovelace');
    assert.equal(await stage.evaluate(() => location.href), stage.vaultHome);
    const { status, token } = await stage.run(async () => {
      const response = await auth.fetch(`${setup.apiUrl}/me`);
      return { status: response.status, token: await auth.getToken() };
    });
    assert.equal(status, 200);
    assert.ok(token);
    assert.equal(await stage.evaluate(() => seen.memories.length), 0);
    const loaded = await files(stage);
    assert.ok(loaded.some((file) => file.endsWith('/port.js')), loaded.join());
    assert.ok(!loaded.some((file) => /(inlined?|inline-lean|glue|page|load|fetch|apis|keeper)\.js$|\.wasm$/.test(file.replace('port-fetch', ''))), loaded.join());

    await stage.run(() => auth.logout({ local: true }));
    assert.equal(await stage.status(), 'signed-out');
    assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
    assert.equal(stage.counts.revocation, 1);
  });

  scenario(`${kind}: the policy of the page has no room for an engine`, async (stage) => {
    await signInTo(stage, vault);
    await stage.run(() => auth.getToken({ fresh: true }));
    assert.deepEqual(await stage.seen('violations'), []);
    const refused = await stage.run(async () => {
      const wasm = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)).then(() => 'compiled', () => 'refused');
      const fetched = await fetch(setup.apiUrl).then(() => 'fetched', () => 'refused');
      let worker;
      try {
        worker = globalThis.trustedTypes ? new Worker('/e2e/worker/vault.js') : undefined;
      } catch {
        worker = undefined;
      }
      return { wasm, fetched, worker: worker ? 'made' : 'refused' };
    });
    assert.equal(refused.fetched, 'refused');
    assert.equal(refused.worker, 'refused');
    // WebKitGTK lets pages compile in spite of their policy, and Firefox the scripts of WebDriver.
    if (browser() === 'chromium') assert.equal(refused.wasm, 'refused');
    await stage.evaluate(() => { seen.violations.length = 0; });
  });

  scenario(`${kind}: storage holds no token`, async (stage) => {
    await signInTo(stage, vault);
    const found = await stage.run(async () => ({
      token: await auth.getToken(),
      stores: JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie]),
      caches: 'caches' in globalThis ? await caches.keys() : [],
    }));
    assert.ok(!found.stores.includes(found.token));
    assert.deepEqual(found.caches, []);
  });

  scenario(`${kind}: three rotations by themselves`, async (stage) => {
    stage.world.ttl.AccessToken = 3;
    await signInTo(stage, vault);
    await stage.until('three renewals are told', async () => (await stage.eventsOf('renewed')).length >= 3);
    assert.deepEqual(await stage.eventsOf('renewal-failed'), []);
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  });

  scenario(`${kind}: 1,000 callers at expiry: one token for all, one request at the server`, async (stage) => {
    stage.world.ttl.AccessToken = 2;
    await signInTo(stage, vault, { renewal: 'on-demand' });
    stage.counts.reset();
    await expire(stage);
    const distinct = await stage.run(async () => [...new Set(await Promise.all(Array.from({ length: 1000 }, () => auth.getToken())))].length);
    assert.equal(distinct, 1);
    assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
  });

  scenario(`${kind}: exposeAccessToken: false: getToken refuses, fetch works`, async (stage) => {
    await signInTo(stage, vault, { exposeAccessToken: false });
    for (const options of [undefined, { fresh: true }, { scope: 'openid' }, { minValidity: 0 }]) {
      const error = await stage.refused((given) => auth.getToken(given ?? undefined), options ?? null);
      assert.equal(error.code, 'token_hidden');
    }
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
    assert.equal((await stage.run(() => auth.userinfo())).sub, 'ada');
  });

  scenario(`${kind}: a refused login is told, returnTo is shown, logout goes to the provider and comes back`, async (stage) => {
    stage.set({ vault, redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome });
    stage.world.endSessions();
    await stage.open(stage.vaultHome);
    await stage.login({ options: { prompt: 'none' } });
    assert.equal((await stage.lastError()).code, 'interaction_required');
    assert.equal(await stage.evaluate(() => location.href), stage.vaultHome);
    await stage.login({ options: { returnTo: '/e2e/vault/?tab=2#there' } });
    assert.equal(await stage.status(), 'signed-in');
    assert.equal(await stage.evaluate(() => location.href), `${stage.vaultHome}?tab=2#there`);
    await stage.evaluate(() => {
      window.ready = false;
      auth.logout().catch((error) => { window.loginFailed = describeError(error); });
    });
    await stage.untilCounts(({ endSession }) => endSession >= 1);
    await stage.passLoginPage();
    await stage.ready();
    assert.equal(await stage.status(), 'signed-out');
    assert.equal(await stage.evaluate(() => location.href), stage.vaultHome);
  });

  scenario(`${kind}: reload of the only tab breaks nothing`, async (stage, context) => {
    await signInTo(stage, vault);
    const found = [];
    for (let i = 0; i < 3; i += 1) {
      await stage.driver.navigate().refresh();
      await stage.ready();
      const status = await stage.status();
      found.push(status);
      assert.ok(['signed-in', 'signed-out'].includes(status), status);
      if (status === 'signed-out') await stage.login();
      assert.equal(await stage.status(), 'signed-in');
      assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
    }
    context.diagnostic(`after a reload: ${found.join(', ')}`);
    if (vault === 'worker') assert.deepEqual([...new Set(found)], ['signed-out']);
  });

  scenario(`${kind}: Back and forward: what the browser kept works`, async (stage, context) => {
    await signInTo(stage, vault);
    await stage.driver.get(`${stage.world.pagesUrl}e2e/blank.html`);
    await stage.driver.navigate().back();
    await stage.ready();
    context.diagnostic(`restored: ${await stage.seen('restored')}`);
    if ((await stage.status()) !== 'signed-in') await stage.login();
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  });

  scenario(`${kind}: an engine that cannot be loaded there is told with its reason`, async (stage) => {
    stage.set({ vault, redirectUri: stage.vaultHome, before: () => { setup.vaultUrl = '/e2e/worker/tight/vault.js'; } });
    await stage.open(stage.vaultHome);
    const { code, hint } = await stage.evaluate(() => window.refused ?? { code: `none: ${window.auth?.session.vault}`, hint: "'wasm-unsafe-eval'" });
    // WebKitGTK compiles in spite of the policy.
    assert.ok(code === 'engine_load_failed' || (browser() === 'webkit' && code === `none: ${kind}`), code);
    assert.match(hint, /'wasm-unsafe-eval'/);
  });

  scenario(`${kind}: a worker that is not there is named`, async (stage) => {
    stage.set({ vault, redirectUri: stage.vaultHome, before: () => { setup.vaultUrl = '/e2e/nothing.js'; } });
    await stage.open(stage.vaultHome);
    const { code, retryable } = await stage.evaluate(() => window.refused);
    assert.deepEqual([code, retryable], ['vault_unavailable', true]);
  });
}

scenario('a function: the shared vault, else the dedicated one, else the page', async (stage) => {
  const vaultOf = async (before) => {
    stage.set({ vault: 'either', ...(before && { before }) });
    await stage.open();
    assert.equal(await stage.evaluate(() => window.refused?.code ?? null), null);
    await stage.login();
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
    return stage.evaluate(() => window.auth.session.vault);
  };
  assert.equal(await vaultOf(), 'shared-worker');
  assert.equal(await vaultOf(() => { delete window.SharedWorker; }), 'worker');
  assert.equal(await vaultOf(() => { window.Worker = class { constructor() { throw new Error('no'); } }; delete window.SharedWorker; }), 'page');
});
