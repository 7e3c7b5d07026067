import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { signInTo } from '../vault.mjs';

const challenge = (rest) => ({
  status: 401,
  headers: { 'WWW-Authenticate': `Basic realm="a, b", Bearer error="insufficient_user_authentication"${rest}` },
});

/** Who is asked says yes; in every page, for the browser leaves this one. */
const consents = () => {
  window.onStepUp = (needed) => {
    window.asked = [...(window.asked ?? []), needed];
    return { returnTo: `${location.pathname}?back` };
  };
};

const NARROW = 'openid profile offline_access';

const ways = {
  page: (stage, options) => stage.signIn(options),
  'a worker': (stage, options) => signInTo(stage, 'worker', options),
};

const authorized = (stage) => stage.counts.where({ kind: 'authorize' }).filter(({ path }) => path === '/authorize');

for (const [where, signIn] of Object.entries(ways)) {
  scenario(`K08: step-up in ${where}: one login for what the API asks, none for what that one brought`, async (stage) => {
    await signIn(stage, { scope: NARROW, before: consents });
    stage.world.faults.add('api', challenge(', max_age="3600", scope="email"'));
    await stage.evaluate(() => {
      window.ready = false;
      auth.fetch(`${setup.apiUrl}/me`).catch((error) => { window.loginFailed = describeError(error); });
    });
    await stage.passLoginPage('login-submit');
    await stage.ready();
    assert.equal(await stage.status(), 'signed-in');
    assert.match(await stage.evaluate(() => location.search), /back/);
    const [, { query }] = authorized(stage);
    assert.equal(query.get('max_age'), '3600');
    assert.deepEqual(query.get('scope').split(' ').sort(), [...NARROW.split(' '), 'email'].sort());
    // The API is not content: the user is not sent round in circles.
    const status = await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status);
    assert.equal(status, 401);
    assert.equal(await stage.evaluate(() => window.asked ?? null), null);
    assert.equal(authorized(stage).length, 2);
    assert.deepEqual(stage.counts.grants, { authorization_code: 2 }, 'and nothing was refreshed for it');
  });
}

scenario('K08: step-up: absurd values, and a challenge that CORS hides, are ordinary refusals', async (stage) => {
  await stage.signIn({ before: consents });
  const status = () => stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status);
  for (const rest of ['', ', max_age="-1"', ', max_age=99999999999', ', acr_values=""']) {
    stage.world.faults.add('api', { ...challenge(rest), times: 1 });
    assert.equal(await status(), 401, rest);
  }
  stage.world.faults.add('api', { status: 401, times: 2 });
  assert.equal(await status(), 401);
  assert.equal(await stage.evaluate(() => window.asked ?? null), null);
  assert.equal(authorized(stage).length, 1);
});
