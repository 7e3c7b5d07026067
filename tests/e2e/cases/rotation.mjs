import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';

/** Waits in the page until the access token is past its life. */
const expired = () => new Promise((resolve) => {
  const look = () => (Date.now() > auth.session.expiresAt ? resolve(true) : setTimeout(look, 50));
  look();
});

scenario('F08: 1,000 callers at expiry: one token for all, one request at the server', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn({ renewal: 'on-demand' });
  stage.counts.reset();
  await stage.run(expired);
  assert.equal(stage.counts.token, 0);
  const tokens = await stage.run(async () => {
    const before = seen.events.length;
    const all = await Promise.all(Array.from({ length: 1000 }, () => auth.getToken()));
    return { distinct: [...new Set(all)].length, events: seen.events.slice(before).map(({ type }) => type) };
  });
  assert.equal(tokens.distinct, 1);
  assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
  await stage.until('one renewal is told', async () => (await stage.eventsOf('renewed')).length === 1);
});

scenario('F08: 1,000 callers who want a fresh token: one request', async (stage) => {
  await stage.signIn();
  const { before, after } = await stage.run(async () => ({
    before: await auth.getToken(),
    after: [...new Set(await Promise.all(Array.from({ length: 1000 }, () => auth.getToken({ fresh: true }))))],
  }));
  assert.equal(after.length, 1);
  assert.notEqual(after[0], before);
  assert.equal(stage.counts.grants.refresh_token, 1);
});

scenario('a live token costs no request', async (stage) => {
  await stage.signIn();
  const distinct = await stage.run(async () => {
    const all = [];
    for (let i = 0; i < 1000; i += 1) all.push(await auth.getToken());
    return new Set(all).size;
  });
  assert.equal(distinct, 1);
  assert.equal(stage.counts.token, 1);
});

scenario('F01: five rotations in a row by themselves, and the session stays', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await stage.signIn();
  await stage.untilCounts((counts) => counts.where({ kind: 'token', grant: 'refresh_token', status: 200 }).length >= 5);
  await stage.until('five renewals are told', async () => (await stage.eventsOf('renewed')).length >= 5);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
  assert.deepEqual(await stage.eventsOf('renewal-failed'), []);
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.equal(stage.counts.preflight, 0);
  assert.equal(stage.counts.jwks, 1);
});

scenario('F02: a server that never rotates: three renewals with one refresh token', async (stage) => {
  stage.world.policy.rotate = false;
  await stage.signIn();
  const tokens = await stage.run(async () => {
    const all = [];
    for (let i = 0; i < 3; i += 1) all.push(await auth.getToken({ fresh: true }));
    return new Set(all).size;
  });
  assert.equal(tokens, 3);
  assert.equal(stage.counts.where({ grant: 'refresh_token', status: 200 }).length, 3);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('F13: tokens that live two seconds: getToken always gives one the API takes', async (stage) => {
  stage.world.ttl.AccessToken = 2;
  await stage.signIn();
  const statuses = await stage.run(async () => {
    const all = [];
    for (let i = 0; i < 15; i += 1) {
      all.push((await auth.fetch(`${setup.apiUrl}/me`)).status);
      await new Promise((resolve) => { setTimeout(resolve, 300); });
    }
    return all;
  });
  assert.deepEqual([...new Set(statuses)], [200]);
  assert.deepEqual(await stage.eventsOf('session-expired'), []);
});

scenario('no refresh token: the session ends with its access token, once', async (stage) => {
  stage.world.ttl.AccessToken = 3;
  await stage.signIn({ scope: 'openid profile' });
  assert.equal(await stage.evaluate(() => auth.session.renewal), 'ended');
  await stage.until('the session ends', async () => (await stage.status()) === 'expired');
  assert.equal((await stage.refused(() => auth.getToken())).code, 'session_expired');
  assert.deepEqual((await stage.eventsOf('session-expired')).map(({ code }) => code), ['session_expired']);
  assert.equal(stage.counts.grants.refresh_token, undefined);
});

scenario('F11: a token for an API the login named (RFC 8707), beside the main one', async (stage) => {
  await stage.signIn({ resource: stage.world.apiUrl, scope: 'openid offline_access notes' });
  const found = await stage.run(async () => {
    const main = await auth.getToken();
    const narrow = await auth.getToken({ resource: setup.apiUrl });
    const response = await fetch(`${setup.apiUrl}/me`, { headers: { authorization: `Bearer ${narrow}` } });
    return {
      parts: narrow.split('.').length,
      status: response.status,
      kept: (await auth.getToken()) === main && (await auth.getToken({ resource: setup.apiUrl })) === narrow,
    };
  });
  assert.deepEqual(found, { parts: 3, status: 200, kept: true });
  assert.equal(stage.counts.grants.refresh_token, 1);
});

scenario('F12: a token for an API the login did not name: refused, the main token stays as it was', async (stage) => {
  await stage.signIn();
  const main = await stage.run(() => auth.getToken());
  const error = await stage.refused(() => auth.getToken({ resource: setup.apiUrl }));
  assert.equal(error.code, 'resource_not_granted');
  // The provider spends the refresh token before it refuses: it is not asked.
  assert.equal(stage.counts.grants.refresh_token, undefined);
  assert.equal(await stage.run(() => auth.getToken()), main);
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => auth.session.renewal), 'live');
});

scenario('giving up waiting does not stop the refresh', async (stage) => {
  await stage.signIn();
  const { code, token } = await stage.run(async () => {
    const gone = new AbortController();
    const waiting = auth.getToken({ fresh: true, signal: gone.signal }).catch((error) => error.code);
    const staying = auth.getToken({ fresh: true });
    gone.abort();
    return { code: await waiting, token: await staying };
  });
  assert.equal(code, 'aborted');
  assert.ok(token);
  assert.equal(stage.counts.grants.refresh_token, 1);
});
