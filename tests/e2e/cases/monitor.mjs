// The option monitorSession: whether the user is signed in at the server still.

import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { testId } from '../stage.mjs';

const OFTEN = { monitorSession: { interval: 10 } };

const wait = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

const checks = (stage) => stage.counts.grants.authorization_code ?? 0;

/** The first check after the login has found the user. */
const firstCheck = (stage) =>
  stage.until('the first check', async () => {
    const { frames, status } = await stage.evaluate(() => ({
      frames: document.querySelectorAll('iframe').length,
      status: auth.session.status,
    }));
    return checks(stage) >= 2 && frames === 0 && status === 'signed-in';
  });

for (const [where, options] of [
  ['page', {}],
  ['sealed', { persistence: 'sealed' }],
  ['shared vault', { vault: 'shared' }],
]) {
  scenario(`K06: monitor (${where}): signed out at the server, the session ends once and nothing is asked any more`, async (stage) => {
    await stage.signIn({ ...OFTEN, ...options });
    const before = await stage.run(() => auth.getToken());
    await firstCheck(stage);
    assert.equal(await stage.run(() => auth.getToken()), before, 'the session is what it was');
    assert.deepEqual(await stage.seen('events').then((events) => events.map(({ type }) => type)), []);
    const { revocation } = stage.counts;
    stage.world.endSessions();
    await stage.until('the session ends', async () => (await stage.status()) === 'expired');
    const { code, oauthError } = await stage.lastError();
    assert.deepEqual({ code, oauthError }, { code: 'session_ended', oauthError: 'login_required' });
    assert.deepEqual((await stage.seen('events')).map(({ type }) => type), ['session-expired']);
    await stage.untilCounts((counts) => counts.revocation === revocation + 1);
    const { authorize } = stage.counts;
    await wait(12_000);
    assert.equal(stage.counts.authorize, authorize, 'nothing is asked any more');
    assert.equal(await stage.evaluate(() => document.querySelectorAll('iframe').length), 0);
    await stage.login();
    assert.equal(await stage.status(), 'signed-in');
  });
}

scenario('K06: monitor: somebody else signs in at the server, and the session of the first ends', async (stage) => {
  await stage.signIn(OFTEN);
  await firstCheck(stage);
  const first = await stage.driver.getWindowHandle();
  stage.world.endSessions();
  stage.set({});
  await stage.openTab();
  await stage.leaveForLogin();
  await stage.loginPage();
  const name = await stage.driver.findElement(testId('login-username'));
  await name.clear();
  await name.sendKeys('grace');
  await stage.passLoginPage();
  await stage.ready();
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'grace');
  await stage.closeTab(first);
  await stage.until('the session ends', async () => (await stage.status()) === 'expired');
  assert.equal((await stage.lastError()).code, 'identity_changed');
  assert.equal(await stage.evaluate(() => auth.session.claims), null);
});

scenario('K06: monitor: a server that cannot be reached ends nothing, and is asked again', async (stage) => {
  await stage.signIn(OFTEN);
  await firstCheck(stage);
  stage.world.faults.add('authorize', { status: 503, times: 1 });
  const known = checks(stage);
  await stage.until('it asks again', () => checks(stage) > known, 60_000);
  assert.equal(await stage.status(), 'signed-in');
  assert.deepEqual(await stage.eventsOf('monitoring-ended'), []);
});

scenario('K06: monitor: the server is another site and gets no cookies: that is said, and the session stays', async (stage) => {
  await stage.apart(async () => {
    await stage.signIn(OFTEN);
    await stage.until('it gives up', async () => (await stage.eventsOf('monitoring-ended')).length === 1, 60_000);
    assert.deepEqual(await stage.eventsOf('monitoring-ended'), [
      { type: 'monitoring-ended', status: 'signed-in', code: 'monitoring_unavailable' },
    ]);
    const { authorize } = stage.counts;
    await wait(12_000);
    assert.equal(stage.counts.authorize, authorize);
    assert.equal(await stage.status(), 'signed-in');
    assert.equal(await stage.lastError(), null);
    await stage.run(() => auth.getToken({ fresh: true }));
  });
});
