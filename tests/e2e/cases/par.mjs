import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';

const required = { par: 'required' };

const asked = (stage) => stage.counts.where({ kind: 'authorize' }).filter(({ path }) => path === '/authorize');

scenario('par: only a reference goes through the browser', async (stage) => {
  await stage.signIn(required);
  assert.equal(stage.counts.par, 1);
  const [{ query }] = asked(stage);
  assert.deepEqual([...query.keys()].sort(), ['client_id', 'request_uri']);
  assert.equal((await stage.run(() => auth.userinfo())).sub, 'ada');
});

scenario('par: a server that only offers it is asked in the ordinary way', async (stage) => {
  await stage.signIn();
  assert.equal(stage.counts.par, 0);
  assert.ok(asked(stage)[0].query.get('code_challenge'));
});

scenario('par: with a key, the reference names it too', async (stage) => {
  await stage.signIn({ ...required, dpop: 'required' });
  assert.equal(await stage.evaluate(() => auth.session.tokenType), 'DPoP');
});

for (const [what, fault, code, oauthError] of [
  ['refuses', { status: 400, body: { error: 'invalid_request', error_description: 'no' } }, 'authorization_refused', 'invalid_request'],
  ['gives a reference that is over', { status: 201, body: { request_uri: 'urn:a', expires_in: 0 } }, 'response_invalid'],
  ['gives no reference', { status: 201, body: { expires_in: 60 } }, 'response_invalid'],
  ['finds the request too large', { status: 413, body: '' }, 'response_invalid'],
  ['has too many of them', { status: 429, body: '' }, 'server_unavailable'],
  ['allows no other origin', { status: 201, body: { request_uri: 'urn:a', expires_in: 60 }, cors: false }, 'network_failed'],
]) {
  scenario(`K09: par: a server that ${what}: no plain request instead`, async (stage) => {
    stage.set(required);
    await stage.open();
    stage.world.faults.add('par', { times: 1, ...fault });
    const error = await stage.refused(() => auth.login());
    assert.equal(error.code, code);
    assert.equal(error.phase, 'login');
    assert.equal(error.oauthError ?? undefined, oauthError);
    assert.equal(asked(stage).length, 0);
    assert.equal(await stage.status(), 'signed-out');
    // The next login pushes anew.
    await stage.login();
    assert.equal(await stage.status(), 'signed-in');
  });
}
