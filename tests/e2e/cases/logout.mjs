import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { gate } from '../stage.mjs';

scenario('logout: tokens revoked, the provider\'s session ended, back at the page with a clean URL', async (stage) => {
  await stage.signIn();
  await stage.evaluate(() => {
    window.ready = false;
    auth.logout().catch((error) => { window.loginFailed = describeError(error); });
  });
  await stage.untilCounts(({ endSession }) => endSession >= 1);
  await stage.passLoginPage();
  await stage.ready();
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.match(await stage.seen('arrivedAt'), /[?&]state=/, 'the provider came back with our state');
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(await stage.lastError(), null);
  assert.equal(stage.counts.revocation, 1);
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');

  await stage.leaveForLogin();
  await stage.loginPage();
  await stage.passLoginPage();
  await stage.ready();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('logout({ local: true }): over here at once, the page stays, events once', async (stage) => {
  await stage.signIn();
  const { now, token } = await stage.run(async () => {
    const done = auth.logout({ local: true });
    const now = auth.session.status;
    await done;
    return { now, token: await auth.getToken().catch(({ code }) => code) };
  });
  assert.equal(now, 'signed-out');
  assert.equal(token, 'login_required');
  assert.equal((await stage.eventsOf('signed-out')).length, 1);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
  assert.equal(stage.counts.revocation, 1);
  assert.equal(stage.counts.endSession, 0);
});

scenario('F10 K04: logout while a refresh is in flight: logout wins, the late token is given back', async (stage) => {
  await stage.signIn();
  const held = gate();
  stage.world.faults.add('token', { grant: 'refresh_token', delayAnswer: held.opened, times: 1 });
  const waiting = await stage.run(() => {
    window.waiting = auth.getToken({ fresh: true }).then(() => 'a token', ({ code }) => code);
    return auth.session.status;
  });
  assert.equal(waiting, 'refreshing');
  await stage.untilCounts(({ grants }) => grants.refresh_token === 1);
  await stage.run(() => auth.logout({ local: true }));
  assert.equal(await stage.run(() => window.waiting), 'login_required');
  held.open();
  await stage.untilCounts(({ revocation }) => revocation === 2);
  assert.equal(await stage.status(), 'signed-out');
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
  assert.deepEqual((await stage.seen('events')).map(({ type }) => type), ['signed-out']);
});

scenario('K03: logout while the provider is down: over here all the same', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('revocation', { drop: 'request' });
  await stage.run(() => auth.logout({ local: true }));
  assert.equal(await stage.status(), 'signed-out');
});

scenario('revoke(): the tokens are dead at the server, the page stays', async (stage) => {
  await stage.signIn();
  const { token, status } = await stage.run(async () => {
    const token = await auth.getToken();
    await auth.revoke();
    const response = await fetch(`${setup.apiUrl}/me`, { headers: { authorization: `Bearer ${token}` } });
    return { token, status: response.status };
  });
  assert.ok(token);
  assert.equal(status, 401);
  assert.equal(await stage.status(), 'signed-out');
});

scenario('after a logout no token is left in the memory of the engine', async (stage, context) => {
  await stage.signIn();
  const found = await stage.run(async () => {
    const tokens = [await auth.getToken(), await auth.getToken({ fresh: true })];
    const before = tokens.map((token) => inMemory(token));
    await auth.logout({ local: true });
    return { before, after: tokens.map((token) => inMemory(token)), engines: seen.memories.length };
  });
  context.diagnostic(`copies before ${found.before}, after ${found.after}`);
  assert.equal(found.engines, 1);
  assert.ok(found.before[1] > 0, 'the live token is in the memory that was looked through');
  assert.equal(found.before[0], 0, 'a token that was replaced is wiped');
  assert.deepEqual(found.after, [0, 0]);
});
