import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { gate } from '../stage.mjs';

scenario('reload while login() waits for the server, before the page is left', async (stage) => {
  const held = gate();
  stage.world.faults.add('discovery', { delay: held.opened, times: 1 });
  await stage.open();
  await stage.leaveForLogin();
  await stage.untilCounts(({ discovery }) => discovery === 1);
  assert.equal(await stage.status(), 'signing-in');
  await stage.driver.navigate().refresh();
  held.open();
  await stage.ready();
  assert.equal(await stage.status(), 'signed-out');
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A03: reload on the callback while the token request hangs: signed out, and the next login works', async (stage) => {
  const held = gate();
  stage.world.faults.add('token', { grant: 'authorization_code', delay: held.opened, times: 1 });
  await stage.open();
  await stage.leaveForLogin();
  await stage.passLoginPage();
  await stage.untilCounts(({ token }) => token === 1);
  assert.equal(await stage.evaluate(() => location.href), stage.home, 'the URL is clean before the answer is there');
  await stage.driver.navigate().refresh();
  await stage.ready();
  held.open();
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(await stage.lastError(), null);
  assert.equal(stage.counts.token, 1, 'the code was not sent again');
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A03: the callback URL opened twice: refused the second time, nothing is sent', async (stage) => {
  await stage.signIn();
  const url = await stage.evaluate(() => seen.arrivedAt);
  await stage.open(url);
  assert.equal(await stage.status(), 'signed-out');
  const error = await stage.lastError();
  assert.equal(error.code, 'state_unknown');
  assert.equal(error.phase, 'callback');
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.equal(stage.counts.token, 1);
});

scenario('A03: the callback URL opened in another tab: refused there, the first session stays', async (stage) => {
  await stage.signIn();
  const [first, url] = [await stage.driver.getWindowHandle(), await stage.evaluate(() => seen.arrivedAt)];
  await stage.driver.switchTo().newWindow('tab');
  await stage.open(url);
  assert.equal((await stage.lastError()).code, 'state_unknown');
  assert.equal(stage.counts.token, 1);
  await stage.driver.switchTo().window(first);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A02: a wrong state is refused before anything is sent', async (stage) => {
  await stage.open();
  const state = await stage.pendingState();
  const wrong = `${state.slice(0, -4)}${state.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  await stage.open(`${stage.home}?code=stolen&state=${wrong}&iss=${encodeURIComponent(stage.world.issuer)}`);
  assert.equal((await stage.lastError()).code, 'state_unknown');
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.equal(stage.counts.token, 0);
});

scenario('A02: a code without a state is refused while a login is pending, and nobody\'s business otherwise', async (stage) => {
  const url = `${stage.home}?code=stolen`;
  await stage.open(url);
  assert.equal(await stage.lastError(), null);
  await stage.pendingState();
  await stage.open(url);
  assert.equal((await stage.lastError()).code, 'state_missing');
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.equal(stage.counts.token, 0);
});

scenario('A06: an answer of another issuer is refused (RFC 9207)', async (stage) => {
  await stage.open();
  const state = await stage.pendingState();
  await stage.open(`${stage.home}?code=stolen&state=${state}&iss=${encodeURIComponent('https://evil.example')}`);
  assert.equal((await stage.lastError()).code, 'iss_mismatch');
  assert.equal(stage.counts.token, 0);
});

scenario('A10: the user says no: lastError has the server\'s words apart', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  await stage.leaveForLogin();
  await stage.loginPage();
  await stage.passLoginPage('login-cancel');
  await stage.ready();
  assert.equal(await stage.status(), 'signed-out');
  const error = await stage.lastError();
  assert.equal(error.code, 'authorization_refused');
  assert.equal(error.oauthError, 'access_denied');
  assert.equal(error.description, 'the person said no');
  assert.ok(!error.message.includes('the person said no'));
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.equal(stage.counts.token, 0);
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.lastError(), null);
});

scenario('A17: prompt=none without a session at the provider: interaction_required', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  await stage.login({ options: { prompt: 'none' } });
  const error = await stage.lastError();
  assert.equal(error.code, 'interaction_required');
  assert.equal(error.oauthError, 'login_required');
});

scenario('A14: a leftover #access_token= is scrubbed and never used', async (stage) => {
  await stage.open(`${stage.home}#access_token=leftover-token&token_type=Bearer&expires_in=3600`);
  assert.equal((await stage.lastError()).code, 'front_channel_tokens');
  assert.equal(await stage.status(), 'signed-out');
  const { url, entries } = await stage.evaluate(() => ({
    url: location.href,
    entries: globalThis.navigation?.entries().map((entry) => entry.url) ?? [],
  }));
  assert.equal(url, stage.home);
  assert.ok(!JSON.stringify(entries).includes('leftover-token'));
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
  await stage.refused(() => auth.fetch(`${setup.apiUrl}/me`));
  assert.equal(stage.counts.api, 0);
});

// Browsers may keep the page a login leaves, or load it again; no-store is no promise either way.
for (const [what, path] of [['a page that must not be stored', 'app'], ['a page the browser may keep', 'kept']]) {
  scenario(`A03: the Back button during a login, to ${what}: signed out, and login works again`, async (stage, context) => {
    const home = `${stage.world.pagesUrl}e2e/${path}/`;
    stage.set({ redirectUri: home });
    stage.world.endSessions();
    await stage.open(home);
    await stage.leaveForLogin();
    await stage.loginPage();
    await stage.driver.navigate().back();
    await stage.until('the page knows that nobody signs in', async () => (await stage.status()) === 'signed-out');
    const restored = (await stage.seen('restored')) > 0;
    context.diagnostic(restored ? 'the browser had kept the page' : 'the browser loaded the page again');
    if (restored) {
      const failed = await stage.until('login() rejects', () => stage.evaluate(() => window.loginFailed));
      assert.equal(failed.code, 'aborted');
      await stage.evaluate(() => { delete window.loginFailed; });
    }
    await stage.login();
    assert.equal(await stage.status(), 'signed-in');
  });
}
