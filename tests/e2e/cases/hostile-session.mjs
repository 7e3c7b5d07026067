// A live session under fire: userinfo, rotation, keys, discovery, logout.

import assert from 'node:assert/strict';
import { claims } from '../../hostile/provider/faults/claims.mjs';
import { once } from '../../hostile/provider/faults/fault.mjs';
import { metadata } from '../../hostile/provider/faults/metadata.mjs';
import { byEvil } from '../../hostile/provider/faults/signatures.mjs';
import { members, refuses } from '../../hostile/provider/faults/tokens.mjs';
import * as net from '../../hostile/provider/faults/transport.mjs';
import { forge } from '../../hostile/provider/keys.mjs';
import { scenario } from '../case.mjs';
import { openHostile, signInHostile, tryLogin } from '../hostile.mjs';

const forced = () => auth.getToken({ fresh: true });

scenario('C13: ten callers, and a new kid in every answer: the keys are fetched once more, no storm', async (stage) => {
  await signInHostile(stage, { renewal: 'on-demand' });
  const before = stage.hostile.count('jwks');
  stage.hostile.does(byEvil((right) => ({ ...right, kid: `new-${Math.random()}` })));
  const codes = await stage.run(async () => {
    const all = await Promise.allSettled(Array.from({ length: 10 }, () => auth.getToken({ fresh: true })));
    await auth.getToken({ fresh: true }).catch(() => {});
    return all.map(({ reason }) => reason?.code);
  });
  assert.deepEqual([...new Set(codes)], ['id_token_key']);
  assert.equal(stage.hostile.count('jwks') - before, 1);
  assert.equal(stage.hostile.count('token', 'refresh_token'), 1);
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
});

scenario('D02: userinfo as a JWT is verified as an ID token is, and refused otherwise', async (stage) => {
  await signInHostile(stage, { engine: 'whole' });
  const { hostile } = stage;
  const { honest, evil } = hostile.keys;
  const right = { iss: hostile.issuer, aud: 'e2e', sub: 'ada', email: 'ada@example.com' };
  const jwt = (changes = {}, key = honest.RS256, header = {}) =>
    forge({ alg: key.alg, kid: key.kid, ...header }, JSON.stringify({ ...right, ...changes }), key);
  const ask = (body, type = 'application/jwt') => {
    hostile.behaves();
    hostile.does(net.says('userinfo', body, type));
    return stage.attempt(() => auth.userinfo());
  };
  for (const alg of ['RS256', 'ES256', 'EdDSA']) assert.deepEqual((await ask(jwt({}, honest[alg]))).value, right, alg);
  const good = jwt();
  for (const [body, code, path] of [
    [jwt({ iss: hostile.elsewhere }), 'userinfo_unverified', 'issuer'],
    [jwt({ aud: 'other' }), 'userinfo_unverified', 'audience'],
    [jwt({ exp: 1 }), 'userinfo_unverified', 'expired'],
    [jwt({ sub: 'mallory' }), 'userinfo_subject', null],
    [jwt({ sub: undefined }), 'userinfo_subject', null],
    [jwt({}, evil, { kid: honest.RS256.kid }), 'userinfo_unverified', 'signature'],
    [`${good.slice(0, -4)}AAAA`, 'userinfo_unverified', 'signature'],
    [jwt({}, honest.RS256, { alg: 'none' }), 'userinfo_unverified', 'algorithm'],
    [jwt({}, honest.RS256, { alg: 'HS256' }), 'userinfo_unverified', 'algorithm'],
    [`${good}.x.y`, 'userinfo_unverified', 'encrypted'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.', 'userinfo_unverified', 'algorithm'],
    ['{"sub":"ada"}', 'userinfo_unverified', 'malformed'],
  ]) {
    const { thrown } = await ask(body);
    assert.deepEqual([thrown?.code, thrown?.path], [code, path], body);
  }
  assert.equal((await ask(good, 'text/plain')).thrown.code, 'response_invalid');
  assert.equal(await stage.status(), 'signed-in');
  assert.ok(!(await stage.evaluate(() => auth.session.claims.email)), 'the session is not changed by it');
});

scenario('D03: claims that are missing or strange are data; 401 is worth one new token, 403 none', async (stage) => {
  await signInHostile(stage);
  const { hostile } = stage;
  const distributed = { sub: 'ada', email: null, _claim_sources: { a: { endpoint: `${hostile.elsewhere}/claims`, access_token: 'x' } }, _claim_names: { x: 'a' } };
  hostile.does(once(net.says('userinfo', JSON.stringify(distributed))));
  assert.deepEqual(await stage.run(() => auth.userinfo()), distributed);
  assert.deepEqual(hostile.lured, [], 'nobody asks where the answer points');
  hostile.does(once(net.status('userinfo', 401)));
  assert.equal((await stage.run(() => auth.userinfo())).sub, 'ada');
  assert.equal(hostile.count('token', 'refresh_token'), 1);
  hostile.does(net.status('userinfo', 401));
  assert.equal((await stage.refused(() => auth.userinfo())).code, 'userinfo_refused');
  assert.equal(hostile.count('token', 'refresh_token'), 2, 'once, not for ever');
  hostile.behaves();
  hostile.does(net.status('userinfo', 403));
  assert.equal((await stage.refused(() => auth.userinfo())).code, 'userinfo_refused');
  assert.equal(hostile.count('token', 'refresh_token'), 2);
  const asked = hostile.log.filter(({ kind }) => kind === 'userinfo');
  assert.ok(asked.every(({ bearer, query }) => bearer && Object.keys(query).length === 0), 'the token is in the header only');
});

scenario('S01: userinfo of another user: nothing of it is used', async (stage) => {
  await signInHostile(stage);
  for (const sub of ['"mallory"', '"ada "', '7', 'null']) {
    stage.hostile.behaves();
    stage.hostile.does(net.says('userinfo', `{"sub":${sub},"name":"Mallory"}`));
    assert.equal((await stage.refused(() => auth.userinfo())).code, 'userinfo_subject');
  }
  assert.equal(await stage.evaluate(() => auth.session.claims.name), 'Ada');
});

scenario('E09 E10: what the server granted is what the app is told', async (stage) => {
  for (const [given, told] of [['openid', 'openid'], ['openid admin', 'openid admin'], [undefined, 'openid profile email offline_access']]) {
    stage.hostile.reset();
    await openHostile(stage);
    stage.hostile.does(members({ scope: given }));
    await tryLogin(stage);
    const scope = await stage.evaluate(() => auth.session.scope);
    assert.deepEqual(scope.split(' ').sort(), told.split(' ').sort());
    assert.equal(stage.hostile.count('token'), 1, 'nobody asks again by itself');
  }
});

scenario('E06: without a lifetime no timer runs, and a 401 is what renews', async (stage) => {
  stage.hostile.does(members({ expires_in: undefined }));
  await signInHostile(stage);
  assert.equal(await stage.evaluate(() => auth.session.expiresAt), null);
  stage.hostile.accessTokens.clear();
  assert.equal(await stage.run(async () => (await auth.fetch(setup.options.apis[0])).status), 200);
  assert.equal(stage.hostile.count('token', 'refresh_token'), 1);
});

scenario('E13: Retry-After that the page may read is waited out, by callers too', async (stage) => {
  await signInHostile(stage);
  stage.hostile.does(once(net.status('token', 503, { headers: { 'Retry-After': '3' } })));
  assert.equal((await stage.refused(forced)).code, 'server_unavailable');
  assert.equal((await stage.refused(forced)).code, 'server_unavailable');
  assert.equal(stage.hostile.count('token', 'refresh_token'), 1);
  await stage.until('a caller gets one when it is over', async () => (await stage.attempt(forced)).thrown === undefined);
  assert.equal(stage.hostile.count('token', 'refresh_token'), 2);
});

scenario('F08: without Web Locks, too, a hundred callers are one request', async (stage) => {
  await signInHostile(stage, { before: () => { Object.defineProperty(Navigator.prototype, 'locks', { value: undefined }); } });
  const distinct = await stage.run(async () =>
    new Set(await Promise.all(Array.from({ length: 100 }, () => auth.getToken({ fresh: true })))).size);
  assert.equal(distinct, 1);
  assert.equal(stage.hostile.count('token', 'refresh_token'), 1);
});

scenario('F10: an answer that comes after the logout is dropped and given back', async (stage) => {
  await signInHostile(stage);
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  stage.hostile.does(once({ kind: 'token', grant: 'refresh_token', answer: async (answer) => { await held; return answer; } }));
  await stage.run(() => { window.late = auth.getToken({ fresh: true }).then(() => 'a token', ({ code }) => code); });
  await stage.until('it is asked', () => stage.hostile.count('token', 'refresh_token') === 1);
  await stage.run(() => auth.logout({ local: true }));
  assert.equal(await stage.run(() => window.late), 'login_required');
  release();
  await stage.until('both refresh tokens are given back', () => stage.hostile.revoked.length === 2);
  assert.equal(await stage.status(), 'signed-out');
});

scenario('F11 F12: a narrower token beside the whole grant; a wider one is not even asked for', async (stage) => {
  await signInHostile(stage);
  const { hostile } = stage;
  const { main, narrow, after } = await stage.run(async () => {
    const main = await auth.getToken();
    const narrow = await auth.getToken({ scope: 'profile' });
    return { main, narrow, after: await auth.getToken() };
  });
  assert.notEqual(narrow, main);
  assert.equal(after, main);
  assert.equal((await stage.refused(() => auth.getToken({ scope: 'admin' }))).code, 'scope_not_granted');
  assert.equal(hostile.count('token', 'refresh_token'), 1);
  hostile.does(refuses('invalid_scope'));
  assert.equal((await stage.refused(() => auth.getToken({ scope: 'email' }))).code, 'token_refused');
  assert.equal(await stage.status(), 'signed-in');
  hostile.behaves();
  await stage.run(forced);
  assert.equal(await stage.evaluate(() => auth.session.scope), 'openid profile email offline_access');
});

scenario('G04: endpoints of another origin are used when the issuer names them', async (stage) => {
  stage.hostile.sameHouse = true;
  stage.hostile.does(metadata(({ elsewhere }) => ({ token_endpoint: `${elsewhere}/token`, jwks_uri: `${elsewhere}/jwks` })));
  await signInHostile(stage);
  await stage.run(forced);
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
});

scenario('E15: the page\'s own policy blocks the token endpoint: no readable answer, the code counts as spent', async (stage) => {
  stage.hostile.does(metadata(({ origin }) => ({ token_endpoint: `${origin.replace('localhost', '127.0.0.1')}/token` })));
  await openHostile(stage);
  await tryLogin(stage);
  assert.equal((await stage.lastError()).code, 'network_failed');
  await stage.until('the policy was asked', async () => (await stage.seen('violations')).some((text) => text.includes('127.0.0.1')));
  await stage.evaluate(() => { seen.violations.length = 0; });
  assert.equal(stage.hostile.count('token'), 0);
  assert.equal(await stage.evaluate(() => sessionStorage.length), 0);
});

scenario('E16: while an answer has no end the page goes on', async (stage) => {
  await openHostile(stage);
  stage.hostile.does(net.endless('discovery'));
  const { code, turns } = await stage.run(async () => {
    let turns = 0;
    const timer = setInterval(() => { turns += 1; }, 1);
    const code = await auth.login().catch((error) => error.code);
    clearInterval(timer);
    return { code, turns };
  });
  assert.equal(code, 'response_too_large');
  assert.ok(turns > 2, `${turns} turns`);
});

scenario('G07 G08: what discovery said is pinned while the client lives, and asked anew by the next page', async (stage) => {
  await signInHostile(stage);
  const documents = stage.hostile.count('discovery');
  stage.hostile.does(metadata(({ elsewhere }) => ({ token_endpoint: `${elsewhere}/token`, jwks_uri: `${elsewhere}/jwks`, revocation_endpoint: `${elsewhere}/revoke` })));
  await stage.run(forced);
  await stage.run(() => auth.userinfo());
  await stage.run(() => auth.logout({ local: true }));
  assert.deepEqual(stage.hostile.lured, []);
  assert.equal(stage.hostile.count('discovery'), documents);
  stage.hostile.behaves();
  await stage.open();
  await stage.leaveForLogin();
  await stage.until('the next page asks anew', () => stage.hostile.count('discovery') > documents);
  await stage.until('it comes back', () => stage.evaluate(() => window.ready === true));
});

scenario('K02: a logout without an endpoint for it, and one whose endpoint has a query of its own', async (stage) => {
  stage.hostile.does(metadata({ end_session_endpoint: undefined }));
  await signInHostile(stage);
  await stage.run(() => auth.logout());
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(stage.hostile.revoked.length, 1);

  stage.hostile.reset();
  stage.hostile.does(metadata(({ origin }) => ({ end_session_endpoint: `${origin}/logout?tenant=a%26b` })));
  await signInHostile(stage);
  await stage.evaluate(() => { window.ready = false; auth.logout().catch(() => {}); });
  await stage.until('the provider is visited', () => stage.hostile.count('logout') === 1);
  await stage.until('it comes back', () => stage.evaluate(() => window.ready === true));
  const [visit] = stage.hostile.log.filter(({ kind }) => kind === 'logout');
  assert.equal(visit.query.tenant, 'a&b');
  assert.ok(visit.query.id_token_hint);
  assert.equal(await stage.status(), 'signed-out');
});

scenario('K03: whatever the revocation endpoint says, the session is over here', async (stage) => {
  for (const fault of [
    net.status('revocation', 503, { headers: { 'Retry-After': '60' } }), net.status('revocation', 400, { json: { error: 'unsupported_token_type' } }),
    net.noCors('revocation'), net.drop('revocation'), net.silence('revocation'), net.endless('revocation'),
  ]) {
    stage.hostile.reset();
    await signInHostile(stage);
    stage.hostile.does(fault);
    await stage.run(() => auth.logout({ local: true }));
    assert.equal(await stage.status(), 'signed-out');
    assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
    const [asked] = stage.hostile.log.filter(({ kind }) => kind === 'revocation');
    assert.equal(asked.form.token_type_hint, 'refresh_token', 'the refresh token first');
  }
});

scenario('H01: this device is five minutes off and the server two the other way: tokens live as long as they should', async (stage) => {
  stage.hostile.does(claims(({ iat, exp }) => ({ iat: iat - 1, exp: exp + 120 })));
  await signInHostile(stage, { before: 'shiftClock(295_000);' });
  const left = await stage.evaluate(() => auth.session.expiresAt - window.Date.now());
  assert.ok(left > 500_000 && left <= 600_000, `${left}`);
});
