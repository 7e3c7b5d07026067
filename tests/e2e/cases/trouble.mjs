import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';

const refreshes = (counts, status) => counts.where({ kind: 'token', grant: 'refresh_token', status }).length;

scenario('E13: the server is down for a while: the session survives, waits, and renews by itself', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  const down = stage.world.faults.add('*', { drop: 'request' });
  await stage.until('two attempts fail', () => down.hits >= 2);
  await stage.until('it waits for the network', () => stage.evaluate(() => auth.session.renewal === 'waiting-for-network'));
  assert.ok(['signed-in', 'refreshing'].includes(await stage.status()));
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.equal(error.code, 'network_failed');
  assert.equal(error.retryable, true);
  down.clear();
  await stage.untilCounts((counts) => refreshes(counts, 200) >= 1);
  await stage.until('it is live again', () => stage.evaluate(() => auth.session.renewal === 'live' && auth.session.lastError === null));
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('E13: 503 and 429 from the token endpoint are waited out', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  stage.world.faults.add('token', { grant: 'refresh_token', status: 503, times: 1 });
  await stage.until('it is told', async () => (await stage.eventsOf('renewal-failed')).length === 1);
  stage.world.faults.add('token', { grant: 'refresh_token', status: 429, retryAfter: 1, times: 1 });
  await stage.untilCounts((counts) => refreshes(counts, 429) === 1 && refreshes(counts, 200) >= 1);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('a 400 without the server\'s word (a proxy\'s page) does not end the session', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('token', { grant: 'refresh_token', status: 400, body: '<html>Bad Request</html>', times: 1 });
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.notEqual(error.code, 'session_ended');
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
  await stage.until('it renews', () => stage.run(() => auth.getToken({ fresh: true }).then(() => true, () => false)));
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('F07: the answer lost before the server acted: tried again soon, the caller gets a token', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('token', { grant: 'refresh_token', drop: 'request', times: 1 });
  assert.ok(await stage.run(() => auth.getToken({ fresh: true })));
  assert.equal(stage.counts.grants.refresh_token, 2);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('F06 F07: the answer lost after the server acted: one retry, then the server\'s word ends the session once', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('token', { grant: 'refresh_token', drop: 'answer', times: 1 });
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.equal(error.code, 'session_ended');
  assert.equal(error.oauthError, 'invalid_grant');
  assert.equal(stage.counts.grants.refresh_token, 2);
  assert.equal(await stage.status(), 'expired');
  assert.equal((await stage.refused(() => auth.getToken())).code, 'session_ended');
  assert.equal((await stage.eventsOf('session-expired')).length, 1);
  assert.equal(stage.counts.grants.refresh_token, 2);
});

scenario('E15: the answer cut in the middle, at a server that does not rotate: the session survives', async (stage, context) => {
  stage.world.policy.rotate = false;
  await stage.signIn();
  stage.world.faults.add('token', { grant: 'refresh_token', drop: 'body', times: 1 });
  // WebKitGTK takes half a body for a whole one: then it is an answer that makes no sense, not one that was lost.
  const { thrown } = await stage.attempt(() => auth.getToken({ fresh: true }));
  context.diagnostic(thrown?.code ?? 'tried again at once');
  await stage.until('it renews', () => stage.run(() => auth.getToken({ fresh: true }).then(() => true, () => false)));
  assert.equal(await stage.status(), 'signed-in');
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('F06: the server revokes the grant: noticed by itself, session-expired once, getToken rejects', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await stage.signIn();
  assert.ok(stage.world.revoke({ clientId: 'e2e' }) >= 1);
  await stage.until('the session ends', async () => (await stage.status()) === 'expired');
  const error = await stage.lastError();
  assert.equal(error.code, 'session_ended');
  assert.equal(error.oauthError, 'invalid_grant');
  const codes = await stage.run(async () => {
    const results = await Promise.allSettled([auth.getToken(), auth.getToken({ fresh: true }), auth.userinfo()]);
    return results.map(({ reason }) => reason?.code);
  });
  assert.deepEqual(codes, ['session_ended', 'session_ended', 'session_ended']);
  assert.deepEqual((await stage.eventsOf('session-expired')).map(({ code, status }) => `${code} ${status}`), ['session_ended expired']);
  stage.counts.reset();
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('C16: keys that cannot be fetched during a refresh: waited for, the session stays', async (stage) => {
  await stage.signIn();
  await stage.world.rotateKeys();
  const down = stage.world.faults.add('jwks', { drop: 'request' });
  const error = await stage.refused(() => auth.getToken({ fresh: true }));
  assert.equal(error.code, 'keys_unavailable');
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
  down.clear();
  await stage.until('the answer is verified', () => stage.evaluate(() => seen.events.some(({ type }) => type === 'renewed')));
  assert.equal(stage.counts.grants.refresh_token, 1, 'no second refresh token was spent');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

scenario('C12: new signing keys at the server are found by themselves', async (stage) => {
  await stage.signIn();
  await stage.world.rotateKeys({ keepOld: true });
  assert.ok(await stage.run(() => auth.getToken({ fresh: true })));
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(stage.counts.jwks, 2);
});

scenario('G05: discovery fails: login() rejects with a retryable error, and works again', async (stage) => {
  await stage.open();
  stage.world.faults.add('discovery', { status: 503, times: 1 });
  const error = await stage.refused(() => auth.login());
  assert.equal(error.code, 'server_unavailable');
  assert.equal(error.phase, 'discovery');
  assert.equal(error.retryable, true);
  assert.equal(await stage.status(), 'signed-out');
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('G01: metadata of another issuer is refused', async (stage) => {
  await stage.open();
  stage.world.faults.add('discovery', { rewrite: (metadata) => ({ ...metadata, issuer: 'https://evil.example' }), times: 1 });
  const error = await stage.refused(() => auth.login());
  assert.equal(error.code, 'issuer_mismatch');
  assert.equal(stage.counts.authorize, 0);
});

scenario('C02: an ID token with a changed claim is refused, nothing of it is kept', async (stage) => {
  stage.world.faults.add('token', {
    times: 1,
    rewrite: (answer) => {
      const [head, body, signature] = answer.id_token.split('.');
      const claims = { ...JSON.parse(Buffer.from(body, 'base64url')), name: 'Mallory' };
      return { ...answer, id_token: [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.') };
    },
  });
  await stage.open();
  await stage.login();
  assert.equal((await stage.lastError()).code, 'id_token_signature');
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(await stage.evaluate(() => auth.session.claims), null);
  assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
});
