// Every attack of the tables in tests/hostile/attacks, each against a client of its own. What each must come to is
// said there.

import assert from 'node:assert/strict';
import { ATTACKS } from '../../hostile/attacks/all.mjs';
import { scenario } from '../case.mjs';
import { assertNothingUsed, look, openHostile, signInHostile, tryLogin } from '../hostile.mjs';

const forced = () => auth.getToken({ fresh: true });

async function login(stage, attack) {
  const { hostile } = stage;
  await openHostile(stage, attack.options);
  hostile.does(...attack.faults());
  const failed = await tryLogin(stage, attack.login);
  const page = await look(stage);
  if (attack.must === 'accept') {
    assert.equal(page.error?.code, undefined);
    assert.equal(page.status, 'signed-in');
    assert.ok(await stage.run(() => auth.getToken()));
    return;
  }
  const error = failed === true ? page.error : failed;
  assert.equal(error?.code, attack.code);
  assertNothingUsed(stage, error);
  if (failed !== true) assert.equal(hostile.count('authorize'), 0, 'nobody was sent to this server');
  assert.equal(page.status, failed === true ? 'signed-out' : await stage.status());
  assert.equal(page.claims, null);
  assert.equal(page.url, stage.home);
  assert.ok(hostile.count('token') <= 1, 'a code is sent once');
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
}

async function refresh(stage, attack) {
  const { hostile } = stage;
  await signInHostile(stage, { renewal: 'on-demand', ...attack.options });
  const before = await stage.run(() => auth.getToken());
  hostile.does(...attack.faults());
  const { value, thrown } = await stage.attempt(forced);
  const page = await look(stage);
  const revoked = hostile.revoked.length;
  if (attack.must === 'accept') {
    assert.equal(thrown?.code, undefined);
    assert.notEqual(value, before);
    assert.equal(page.claims.sub, 'ada');
    if (attack.also === 'again') assert.notEqual(await stage.run(forced), value);
  } else if (attack.must === 'keep') {
    if (attack.code) assert.equal(thrown?.code, attack.code);
    if (thrown) assertNothingUsed(stage, thrown);
    assert.equal(page.claims.sub, 'ada');
    assert.notEqual(page.status, 'expired');
    hostile.behaves();
    await stage.until('it renews again', () => stage.run(() => auth.getToken({ fresh: true }).then(() => true, () => false)));
  } else {
    assert.equal(thrown?.code, attack.code);
    assertNothingUsed(stage, thrown);
    assert.equal(page.status, 'expired');
    assert.equal((await stage.refused(() => auth.getToken())).code, attack.code);
    assert.deepEqual((await stage.eventsOf('session-expired')).map(({ code }) => code), [attack.code]);
    assert.deepEqual(await stage.eventsOf('renewed'), []);
    if (attack.code === 'identity_changed') await stage.until('its refresh token is given back', () => hostile.revoked.length > revoked || hostile.revoked.length === 1);
  }
}

const RUN = { login, refresh };

for (const id of [...new Set(ATTACKS.map((attack) => attack.id))].sort()) {
  for (const at of ['login', 'refresh']) {
    const variants = ATTACKS.filter((attack) => attack.id === id && attack.at === at);
    if (variants.length === 0) continue;
    scenario(`${id}: ${at === 'login' ? 'at login' : 'on refresh'}: ${variants.map(({ what }) => what).join('; ')}`, async (stage) => {
      const wrong = [];
      for (const attack of variants) {
        stage.hostile.reset();
        try {
          await RUN[at](stage, attack);
        } catch (error) {
          wrong.push(`${attack.what}: ${error.message}`);
        }
      }
      assert.deepEqual(wrong, []);
      // A page that lost its server says so in no other way.
      stage.hostile.reset();
    });
  }
}
