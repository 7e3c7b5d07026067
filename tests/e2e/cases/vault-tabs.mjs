// One vault for all tabs.

import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { signInTo } from '../vault.mjs';

/** There, a shared worker ends with the tab whose process it is in; what happens then is a case of its own. */
const skip = browser() === 'webkit' && 'WebKitGTK ends the worker with a tab';

/** How long after the call one tab made, the other one's listeners ran; by the clock that both share. */
const heardAfter = async (stage, from, to, change, status) => {
  await stage.show(to);
  await stage.evaluate((wanted) => {
    auth.subscribe((session) => {
      if (session.status === wanted) window.heardAt ??= Date.now();
    });
  }, status);
  await stage.show(from);
  const at = await stage.run(change);
  await stage.show(to);
  await stage.until('the other tab hears', () => stage.evaluate(() => window.heardAt !== undefined));
  return (await stage.evaluate(() => window.heardAt)) - at;
};

scenario('tabs: a new tab is signed in at once, with no request', async (stage) => {
  await signInTo(stage, 'shared');
  stage.counts.reset();
  await stage.openTab(stage.vaultHome);
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => auth.session.claims.name), 'Ada Lovelace');
  assert.ok(await stage.run(() => auth.getToken()));
  assert.deepEqual(stage.counts.log, []);
});

scenario('K04: logout in one is logout in all, with no request and nothing left', async (stage, context) => {
  await signInTo(stage, 'shared');
  const first = await stage.driver.getWindowHandle();
  const second = await stage.openTab(stage.vaultHome);
  const token = await stage.run(() => auth.getToken());
  stage.counts.reset();
  const ms = await heardAfter(stage, first, second, async () => {
    const now = Date.now();
    await auth.logout({ local: true, revoke: false });
    return now;
  }, 'signed-out');
  context.diagnostic(`heard after ${ms} ms`);
  assert.deepEqual(stage.counts.log, []);
  assert.equal(await stage.status(), 'signed-out');
  assert.ok(token);
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
  assert.equal((await stage.refused(() => auth.fetch(`${setup.apiUrl}/me`))).code, 'login_required');
  assert.deepEqual((await stage.seen('events')).map(({ type }) => type), ['signed-out']);
  assert.deepEqual(stage.counts.log, []);
});

scenario('tabs: login in one is login in all', async (stage) => {
  stage.set({ vault: 'shared', redirectUri: stage.vaultHome });
  await stage.open(stage.vaultHome);
  const first = await stage.driver.getWindowHandle();
  const second = await stage.openTab(stage.vaultHome);
  assert.equal(await stage.status(), 'signed-out');
  await stage.show(first);
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
  const asked = stage.counts.log.length;
  await stage.show(second);
  await stage.until('the other tab is signed in', async () => (await stage.status()) === 'signed-in');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual((await stage.seen('events')).map(({ type }) => type), ['signed-in']);
  assert.ok(stage.counts.log.length <= asked + 2, 'the API and its preflight');
});

scenario('F08: 10 tabs of 100 callers at expiry: one token request, and the session lives', async (stage) => {
  stage.world.ttl.AccessToken = 12;
  await signInTo(stage, 'shared', { renewal: 'on-demand' });
  const tabs = [await stage.driver.getWindowHandle()];
  while (tabs.length < 10) tabs.push(await stage.openTab(stage.vaultHome));
  await stage.run(async () => {
    while (Date.now() <= auth.session.expiresAt) await new Promise((resolve) => { setTimeout(resolve, 50); });
  });
  stage.counts.reset();
  // All tabs begin at the same moment.
  const at = Date.now() + 2500;
  for (const tab of tabs) {
    await stage.show(tab);
    await stage.evaluate((moment) => {
      setTimeout(() => {
        window.all = Promise.all(Array.from({ length: 100 }, () => auth.getToken()));
      }, moment - Date.now());
    }, at);
  }
  const tokens = new Set();
  for (const tab of tabs) {
    await stage.show(tab);
    await stage.until('they have asked', () => stage.evaluate(() => window.all !== undefined));
    for (const token of await stage.run(async () => [...new Set(await window.all)])) tokens.add(token);
  }
  assert.equal(tokens.size, 1);
  assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

scenario('tabs: they come and go, the loop goes on', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await signInTo(stage, 'shared');
  let left = await stage.driver.getWindowHandle();
  for (let i = 0; i < 4; i += 1) {
    const next = await stage.openTab(stage.vaultHome);
    assert.equal(await stage.status(), 'signed-in');
    // What the old tab was waiting for goes with it, and harms nobody.
    await stage.show(left);
    await stage.evaluate(() => {
      auth.getToken({ fresh: true }).catch(() => {});
      auth.fetch(`${setup.apiUrl}/stream`).catch(() => {});
    });
    await stage.closeTab(next);
    left = next;
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  }
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
  const before = await stage.seen('events');
  await stage.until('it is renewed by itself', async () => (await stage.eventsOf('renewed')).length > before.filter(({ type }) => type === 'renewed').length);
}, { skip });

scenario('tabs: the refresh that a closed tab asked for is not lost', async (stage) => {
  await signInTo(stage, 'shared');
  const first = await stage.driver.getWindowHandle();
  const second = await stage.openTab(stage.vaultHome);
  stage.counts.reset();
  stage.world.faults.add('token', { delayAnswer: 700, times: 1 });
  await stage.evaluate(() => { auth.getToken({ fresh: true }).catch(() => {}); });
  await stage.untilCounts(({ grants }) => grants.refresh_token === 1);
  assert.notEqual(first, second);
  await stage.closeTab(first);
  await stage.until('the other tab gets it', async () => (await stage.eventsOf('renewed')).length === 1);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
}, { skip });

scenario('tabs: whichever tab is closed, those that are left have a vault that works', async (stage, context) => {
  for (const which of ['older', 'newer']) {
    await signInTo(stage, 'shared');
    const older = await stage.driver.getWindowHandle();
    const newer = await stage.openTab(stage.vaultHome);
    await stage.show(which === 'older' ? older : newer);
    await stage.closeTab(which === 'older' ? newer : older);
    // At most one call is lost, and none hangs.
    const codes = await stage.run(async () => {
      const call = () => auth.userinfo().then(() => 'fine', ({ code }) => code);
      return [await call(), await call()];
    });
    context.diagnostic(`the ${which} tab closed: ${codes.join(', ')}`);
    if (codes[1] !== 'fine') {
      assert.equal(browser(), 'webkit');
      assert.deepEqual(codes, ['vault_unavailable', 'login_required']);
      assert.equal(await stage.status(), 'signed-out');
      await stage.login();
    }
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
    await stage.run(() => auth.logout({ local: true }));
  }
});

scenario('tabs: one that is disposed of leaves the others alone', async (stage) => {
  await signInTo(stage, 'shared');
  const first = await stage.driver.getWindowHandle();
  await stage.openTab(stage.vaultHome);
  await stage.run(() => auth.dispose());
  assert.equal((await stage.refused(() => auth.getToken())).code, 'client_disposed');
  await stage.show(first);
  assert.equal(await stage.status(), 'signed-in');
  assert.ok(await stage.run(() => auth.getToken({ fresh: true })));
});
