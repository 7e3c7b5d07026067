import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { ALGORITHMS, testId } from '../stage.mjs';

scenario('login: the login page, then a session with claims, scope and a token the API takes', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  assert.equal(await stage.status(), 'signed-out');
  await stage.leaveForLogin();
  await stage.loginPage();
  await stage.passLoginPage();
  await stage.ready();

  const session = await stage.evaluate(() => window.auth.session);
  assert.equal(session.status, 'signed-in');
  assert.equal(session.claims.sub, 'ada');
  assert.equal(session.claims.name, 'Ada Lovelace');
  assert.ok(session.scope.split(' ').includes('offline_access'));
  assert.equal(session.renewal, 'live');
  assert.equal(session.lastError, null);
  assert.ok(session.expiresAt > Date.now());
  const { status, body } = await stage.run(async () => {
    const response = await auth.fetch(`${setup.apiUrl}/me`);
    return { status: response.status, body: await response.json() };
  });
  assert.equal(status, 200);
  assert.equal(body.sub, 'ada');
});

scenario('A01: callback: the URL is clean before createClient resolves, and no history entry has the code', async (stage) => {
  await stage.signIn();
  const seen = await stage.evaluate(() => window.seen);
  assert.match(seen.arrivedAt, /[?&]code=/);
  assert.equal(seen.afterOpen, stage.home);
  const shown = await stage.evaluate(() => ({
    url: location.href,
    state: JSON.stringify(history.state),
    referrer: document.referrer,
    entries: globalThis.navigation?.entries().map(({ url }) => url) ?? [],
  }));
  assert.equal(shown.url, stage.home);
  const code = new URL(seen.arrivedAt).searchParams.get('code');
  assert.ok(!JSON.stringify(shown).includes(code));
});

const asked = ({ discovery, token, jwks, preflight, userinfo }) => ({ discovery, token, jwks, preflight, userinfo });

scenario('requests of one login: discovery, token and keys once, no preflight', async (stage, context) => {
  stage.set();
  await stage.open();
  assert.equal(stage.counts.discovery, 0, 'a client that does nothing asks nothing');
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
  const { discovery, ...others } = asked(stage.counts);
  assert.deepEqual(others, { token: 1, jwks: 1, preflight: 0, userinfo: 0 });
  // The callback page takes the document from the HTTP cache. WebKitGTK has none when it is automated.
  context.diagnostic(`discovery: ${discovery}`);
  assert.ok(discovery === 1 || (browser() === 'webkit' && discovery === 2), `${discovery} discovery requests`);
});

scenario('a second login asks for the token and the keys only', async (stage) => {
  await stage.signIn();
  stage.counts.reset();
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
  const { discovery, ...others } = asked(stage.counts);
  assert.deepEqual(others, { token: 1, jwks: 1, preflight: 0, userinfo: 0 });
  assert.ok(discovery === 0 || (browser() === 'webkit' && discovery === 1), `${discovery} discovery requests`);
});

scenario('returnTo: the page shows the wanted address after the login', async (stage) => {
  await stage.open();
  await stage.login({ options: { returnTo: '/e2e/app/?tab=2#there' } });
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => location.href), `${stage.home}?tab=2#there`);
});

scenario('A03: StrictMode: one engine, one login, one redemption', async (stage) => {
  stage.set({ redirectUri: `${stage.world.pagesUrl}e2e/strict/` });
  const home = `${stage.world.pagesUrl}e2e/strict/`;
  await stage.open(home);
  await stage.until('StrictMode mounts twice', () => stage.evaluate(() => window.mounted === 2));
  await stage.login();
  await stage.until('the app shows the user', async () => {
    const text = await stage.driver.findElement(testId('status')).getText();
    return text === 'signed-in Ada Lovelace with a token';
  });
  assert.equal(await stage.evaluate(() => window.mounted), 2);
  assert.equal(await stage.evaluate(() => window.seen.memories.length), 1);
  assert.equal(await stage.evaluate(() => location.href), home);
  assert.deepEqual(stage.counts.grants, { authorization_code: 1 });
  assert.equal(stage.counts.jwks, 1);
});

scenario('StrictMode: login() from an effect that runs twice sends the browser once', async (stage) => {
  await stage.open();
  await stage.evaluate(() => {
    window.ready = false;
    for (let i = 0; i < 2; i += 1) window.auth.login().catch(() => {});
  });
  await stage.passLoginPage();
  await stage.ready();
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(stage.counts.authorize, 1);
  assert.equal(stage.counts.token, 1);
});

scenario('A03: createClient and handleRedirect at once redeem the code once and agree', async (stage) => {
  stage.set({ handleRedirect: false });
  await stage.open();
  await stage.login();
  assert.equal(stage.counts.token, 0);
  const results = await stage.run(async () => {
    const url = seen.arrivedAt;
    const again = await tokenward.createClient(setup.options);
    const [one, two] = await Promise.all([auth.handleRedirect(url), again.handleRedirect(url)]);
    return { same: again === auth, one: one.session.status, two: two.session.status };
  });
  assert.deepEqual(results, { same: true, one: 'signed-in', two: 'signed-in' });
  assert.equal(stage.counts.token, 1);
});

for (const alg of ALGORITHMS) {
  scenario(`C01: an ID token signed with ${alg} is verified`, async (stage) => {
    await stage.signIn({ clientId: `alg-${alg}` });
    assert.equal(await stage.evaluate(() => window.auth.session.claims.sub), 'ada');
  });
}
