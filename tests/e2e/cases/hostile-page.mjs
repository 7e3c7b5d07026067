// Attackers beside the app: other windows, script in the page, a service worker. What the page mode does not protect
// is pinned here too, so that nobody claims it.

import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { look, openHostile, signInHostile, tryLogin } from '../hostile.mjs';

scenario('J01: messages from anybody change nothing', async (stage) => {
  await signInHostile(stage);
  const before = await look(stage);
  await stage.run(async (issuer) => {
    const words = ['signed-out', { type: 'logout' }, { access_token: 'x', state: 'tw.x' }, { code: 'x', state: 'tw.x', iss: issuer }, `${setup.options.redirectUri}?code=x&state=tw.x`, null, 7];
    // From this window, from an opaque origin, and by hand with an origin that looks alike.
    const frame = document.createElement('iframe');
    frame.sandbox = 'allow-scripts';
    document.body.append(frame);
    for (const data of words) {
      window.postMessage(data, '*');
      for (const origin of ['null', 'https://evil.example', `${location.origin}.evil.example`, location.origin]) {
        dispatchEvent(new MessageEvent('message', { data, origin, source: window }));
      }
    }
    frame.remove();
    await new Promise((resolve) => { setTimeout(resolve, 200); });
  }, stage.hostile.issuer);
  assert.deepEqual(await look(stage), before);
  assert.equal(stage.hostile.count('token'), 1);
});

scenario('J10: a polluted prototype gives the client no option, getters are read once', async (stage) => {
  await openHostile(stage);
  const { thrown, value } = await stage.attempt(async (elsewhere) => {
    const polluted = { tokenEndpoint: elsewhere, metadata: { token_endpoint: elsewhere }, token_endpoint: elsewhere, extraParams: { evil: '1' }, responseType: 'token', iss: elsewhere };
    for (const [name, member] of Object.entries(polluted)) {
      Object.defineProperty(Object.prototype, name, { value: member, configurable: true, writable: true, enumerable: false });
    }
    try {
      let reads = 0;
      const options = { ...setup.options, clientId: 'polluted' };
      Object.defineProperty(options, 'issuer', { enumerable: true, get: () => { reads += 1; return reads === 1 ? setup.options.issuer : elsewhere; } });
      const client = await tokenward.createClient(options);
      window.auth = client;
      return reads;
    } finally {
      for (const name of Object.keys(polluted)) delete Object.prototype[name];
    }
  }, `${stage.hostile.elsewhere}/token`);
  assert.equal(thrown, undefined);
  assert.equal(value, 1);
  await stage.evaluate(() => { window.ready = false; auth.login().catch(() => {}); });
  await stage.until('the right server is asked', () => stage.hostile.count('authorize') === 1);
  const [asked] = stage.hostile.log.filter(({ kind }) => kind === 'authorize');
  assert.equal(asked.query.response_type, 'code');
  assert.equal(asked.query.evil, undefined);
  assert.deepEqual(stage.hostile.lured, []);
  await stage.until('it comes back', () => stage.evaluate(() => window.ready === true));
});

scenario('J10: polluted containers after the start do not change what is verified', async (stage) => {
  await signInHostile(stage, { renewal: 'on-demand' });
  const token = await stage.run(async () => {
    const { push } = Array.prototype;
    Object.defineProperty(Object.prototype, 'toJSON', { value() { return 'evil'; }, configurable: true });
    Object.defineProperty(Object.prototype, 'id_token', { value: 'evil', configurable: true, writable: true });
    try {
      return await auth.getToken({ fresh: true });
    } finally {
      delete Object.prototype.toJSON;
      delete Object.prototype.id_token;
      Array.prototype.push = push;
    }
  });
  assert.ok(token);
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
});

scenario('J11: script in the page after the start: what it can do, and what it cannot', async (stage) => {
  await signInHostile(stage, { renewal: 'on-demand' });
  const found = await stage.run(async () => {
    // It takes what the app itself can take, …
    const stolen = await auth.getToken();
    // … sees every request of the page, …
    const seenBodies = [];
    const { fetch } = window;
    window.fetch = async (request, init) => {
      seenBodies.push(await new Request(request, init).clone().text());
      return fetch(request, init);
    };
    await auth.getToken({ fresh: true }).catch(() => {});
    window.fetch = fetch;
    // … and reads the engine's memory.
    const inside = inMemory(await auth.getToken()) > 0;
    // A second copy of the module is an engine that knows nobody.
    const copy = await import('/e2e/copy/dist/index.js');
    const other = await copy.createClient({ ...setup.options, handleRedirect: false });
    const nothing = await other.getToken().catch(({ code }) => code);
    await other.dispose();
    return {
      stolen: Boolean(stolen),
      body: seenBodies.some((body) => body.includes('refresh_token=')),
      inside,
      nothing,
      // No call gives out the refresh token or the verifier.
      calls: Object.keys(auth).filter((name) => /refresh|verifier|key|export/i.test(name)),
    };
  });
  assert.deepEqual(found, { stolen: true, body: true, inside: true, nothing: 'login_required', calls: [] });
});

scenario('J11: a verdict on a signature that script replaced: the page mode claims nothing', async (stage) => {
  // Before the package loads nothing helps; that it stays so is what SECURITY.md says.
  stage.hostile.does({ kind: 'token', jws: (jws) => `${jws.slice(0, -8)}AAAAAAAA` });
  await openHostile(stage, { before: () => { SubtleCrypto.prototype.verify = async () => true; } });
  await tryLogin(stage);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('J12: a service worker of the same origin answers for the server: the documented limit', async (stage) => {
  await stage.driver.get(`${stage.world.pagesUrl}e2e/sw/index.html`);
  const able = await stage.evaluate(() => 'serviceWorker' in navigator);
  if (!able) return;
  // It stands between the page and the token endpoint: the token it makes up passes, an ID token it makes up does not.
  const controlled = await stage.run(async () => {
    await navigator.serviceWorker.register('/e2e/sw/worker.js', { scope: '/e2e/sw/' });
    await navigator.serviceWorker.ready;
    const answer = new Promise((resolve) => { navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true }); });
    return navigator.serviceWorker.controller ? true : answer;
  });
  assert.ok(controlled);
  try {
    const home = `${stage.world.pagesUrl}e2e/sw/index.html`;
    await openHostile(stage, { redirectUri: home }).catch(() => {});
    await stage.driver.get(home);
    await stage.ready();
    await tryLogin(stage);
    const error = await stage.lastError();
    assert.equal(error.code, 'id_token_signature');
    assert.equal(await stage.status(), 'signed-out');
  } finally {
    await stage.run(async () => {
      for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    });
  }
});
