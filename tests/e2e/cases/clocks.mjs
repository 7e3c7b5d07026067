import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { browser, scenario } from '../case.mjs';

for (const [direction, ms] of [['ahead', 300_000], ['behind', -300_000]]) {
  scenario(`H01: this device's clock is five minutes ${direction}: login, renewal and API calls work`, async (stage) => {
    await stage.signIn({ before: `shiftClock(${ms});` });
    const { left, status } = await stage.run(async () => {
      await auth.getToken({ fresh: true });
      const response = await auth.fetch(`${setup.apiUrl}/me`);
      return { left: auth.session.expiresAt - window.Date.now(), status: response.status };
    });
    assert.ok(left > 0 && left <= 60_000, `${left} ms of life left`);
    assert.equal(status, 200);
    assert.deepEqual(await stage.eventsOf('session-expired'), []);
  });
}

scenario('H01: the server\'s clock is five minutes ahead: login works', async (stage) => {
  stage.world.clock.shift(299_000);
  try {
    await stage.signIn();
  } finally {
    stage.world.clock.shift(0);
  }
});

scenario('H02: the wall clock jumps past expiry: renewed without anybody asking', async (stage) => {
  await stage.signIn();
  await stage.evaluate(() => shiftClock(61_000));
  await stage.untilCounts(({ grants }) => grants.refresh_token === 1);
  await stage.until('it is told', async () => (await stage.eventsOf('renewed')).length === 1);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('H02: the wall clock is set back: the token is not believed longer', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await stage.signIn({ renewal: 'on-demand' });
  const { first, second } = await stage.run(async () => {
    const first = await auth.getToken();
    shiftClock(-3_600_000);
    await new Promise((resolve) => { setTimeout(resolve, 3100); });
    return { first, second: await auth.getToken() };
  });
  assert.notEqual(first, second);
});

scenario('H02: the page is hidden past expiry and comes back: a valid token, the session stays', async (stage, context) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  const window = stage.driver.manage().window();
  await window.minimize();
  await stage.until('the page is hidden', () => stage.evaluate(() => document.visibilityState === 'hidden'));
  await pause(3000);
  context.diagnostic(`${(await stage.eventsOf('renewed')).length} renewals while hidden`);
  await window.setRect({ x: 0, y: 0, width: 1000, height: 800 });
  await stage.until('the page is visible', () => stage.evaluate(() => document.visibilityState === 'visible'));
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('H02: the page is frozen past expiry and resumes: renewed by itself', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await stage.signIn();
  const window = stage.driver.manage().window();
  await window.minimize();
  await stage.devtools('Page.setWebLifecycleState', { state: 'frozen' });
  await pause(500);
  const before = stage.counts.token;
  await pause(4000);
  assert.equal(stage.counts.token, before, 'a frozen page sends nothing');
  await stage.devtools('Page.setWebLifecycleState', { state: 'active' });
  await window.setRect({ x: 0, y: 0, width: 1000, height: 800 });
  await stage.untilCounts(({ token }) => token > before);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
}, { skip: browser() !== 'chromium' && 'WebDriver cannot freeze a page here' });

scenario('back from hidden after the server was gone: the renewal that failed happens, the session stays', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  const window = stage.driver.manage().window();
  await window.minimize();
  const down = stage.world.faults.add('token', { drop: 'request' });
  await stage.until('two attempts fail', () => down.hits >= 2);
  down.clear();
  await window.setRect({ x: 0, y: 0, width: 1000, height: 800 });
  await stage.untilCounts((counts) => counts.where({ grant: 'refresh_token', status: 200 }).length >= 1);
  await stage.until('it is live', () => stage.evaluate(() => auth.session.renewal === 'live'));
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});
