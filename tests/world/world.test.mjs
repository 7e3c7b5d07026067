// The demo's servers are the ground of the browser tests: what they promise is checked here first, without any
// of Tokenward's own code.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startWorld } from '../../www-example/server/world.mjs';
import { authorization, createAgent, jwtPart, login, refresh, signIn, tokenRequest } from './agent.mjs';

let world;
let agent;

before(async () => {
  world = await startWorld({
    clients: [
      ...['RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'].map((alg) => ({
        client_id: `alg-${alg}`,
        redirect_uris: ['/plain/'],
        id_token_signed_response_alg: alg,
      })),
      { client_id: 'elsewhere', redirect_uris: ['http://localhost:1/'] },
    ],
    mounts: {
      '/tests/': fileURLToPath(new URL('.', import.meta.url)),
      '/made/': (_req, res, url) => res.end(`made for ${url.pathname}`),
    },
  });
});
after(() => world.stop());
beforeEach(() => {
  world.counts.reset();
  world.faults.clear();
  agent = createAgent(new URL(world.pagesUrl).origin);
});

describe('provider', () => {
  test('a login: PKCE, login page, callback with iss, tokens, profile in the ID token', async () => {
    const { response, tokens, landed } = await signIn(world, agent);
    assert.equal(response.status, 200);
    assert.equal(landed.searchParams.get('iss'), world.issuer);
    assert.equal(tokens.token_type, 'Bearer');
    assert.equal(tokens.expires_in, 60);
    assert.ok(tokens.scope.split(' ').includes('offline_access'));
    assert.ok(tokens.refresh_token);
    const claims = jwtPart(tokens.id_token, 1);
    assert.equal(jwtPart(tokens.id_token, 0).alg, 'RS256');
    assert.equal(claims.sub, 'ada');
    assert.equal(claims.name, 'Ada Lovelace');
    assert.equal(claims.email, 'ada@example.com');
    assert.ok(claims.nonce);
    assert.deepEqual(world.counts.grants, { authorization_code: 1 });
    assert.deepEqual(world.errors, []);
  });

  test('a second login needs no password, another account does', async () => {
    await signIn(world, agent);
    const again = await login(world, agent, { prompt: 'none' });
    assert.ok(again.landed.searchParams.get('code'));
    const other = await signIn(world, createAgent(new URL(world.pagesUrl).origin), { username: 'grace' });
    assert.equal(jwtPart(other.tokens.id_token, 1).name, 'Grace Hopper');
  });

  test('prompt=none without a session is refused, and after endSessions again', async () => {
    assert.equal((await login(world, agent, { prompt: 'none' })).landed.searchParams.get('error'), 'login_required');
    await signIn(world, agent, { username: 'grace' });
    assert.ok(world.endSessions({ sub: 'grace' }) >= 1);
    assert.equal((await login(world, agent, { prompt: 'none' })).landed.searchParams.get('error'), 'login_required');
  });

  test('prompt=login and prompt=consent end in tokens too', async () => {
    for (const prompt of ['login', 'consent', 'login consent']) {
      assert.equal((await signIn(world, agent, { prompt })).response.status, 200);
    }
  });

  test('no offline_access, no refresh token', async () => {
    const { tokens } = await signIn(world, agent, { scope: 'openid profile' });
    assert.equal(tokens.refresh_token, undefined);
  });

  test('cancel and unknown accounts', async () => {
    assert.equal((await login(world, agent, { action: 'cancel' })).landed.searchParams.get('error'), 'access_denied');
    const { response } = await login(world, agent, { username: 'mallory' });
    assert.equal(response.status, 422);
    assert.match(await response.text(), /no account “mallory”/);
  });

  test('PKCE is required, and only S256', async () => {
    for (const [code_challenge_method, code_challenge] of [['plain', 'x'.repeat(43)], ['', '']]) {
      const { url, redirectUri } = authorization(world, { code_challenge, code_challenge_method });
      const { landed } = await agent.follow(url, undefined, redirectUri);
      assert.equal(landed.searchParams.get('error'), 'invalid_request');
    }
  });

  test('refresh tokens rotate', async () => {
    const { tokens } = await signIn(world, agent);
    const second = await (await refresh(world, agent, tokens.refresh_token)).json();
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    assert.notEqual(second.access_token, tokens.access_token);
    assert.equal(jwtPart(second.id_token, 1).sub, 'ada');
    const third = await refresh(world, agent, second.refresh_token);
    assert.equal(third.status, 200);
    assert.deepEqual(world.counts.grants, { authorization_code: 1, refresh_token: 2 });
  });

  test('a refresh token used twice ends the grant', async () => {
    const { tokens } = await signIn(world, agent);
    const second = await (await refresh(world, agent, tokens.refresh_token)).json();
    const reuse = await refresh(world, agent, tokens.refresh_token);
    assert.equal(reuse.status, 400);
    assert.equal((await reuse.json()).error, 'invalid_grant');
    assert.equal((await refresh(world, agent, second.refresh_token)).status, 400);
    assert.equal((await api('/me', second.access_token)).status, 401);
  });

  test('rotation can be switched off', async () => {
    world.policy.rotate = false;
    try {
      const { tokens } = await signIn(world, agent);
      const second = await (await refresh(world, agent, tokens.refresh_token)).json();
      assert.equal(second.refresh_token, tokens.refresh_token);
    } finally {
      world.policy.rotate = true;
    }
  });

  test('every signing algorithm a client may ask for', async () => {
    for (const alg of ['RS512', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
      const { tokens } = await signIn(world, createAgent(new URL(world.pagesUrl).origin), { clientId: `alg-${alg}` });
      assert.equal(jwtPart(tokens.id_token, 0).alg, alg);
    }
  });

  test('keys rotate, sessions stay', async () => {
    const { tokens } = await signIn(world, agent);
    const kids = async () => (await (await agent.cors(`${world.issuer}/jwks`)).json()).keys.map(({ kid }) => kid);
    const old = await kids();
    await world.rotateKeys({ keepOld: true });
    assert.ok((await kids()).length === old.length * 2);
    await world.rotateKeys();
    const fresh = await kids();
    assert.ok(fresh.every((kid) => !old.includes(kid)));
    const next = await (await refresh(world, agent, tokens.refresh_token)).json();
    assert.ok(fresh.includes(jwtPart(next.id_token, 0).kid));
  });

  test('userinfo and revocation', async () => {
    const { tokens } = await signIn(world, agent);
    const userinfo = () => agent.cors(`${world.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.equal((await (await userinfo()).json()).name, 'Ada Lovelace');
    const revoked = await agent.cors(`${world.issuer}/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'demo', token: tokens.refresh_token }),
    });
    assert.equal(revoked.status, 200);
    assert.equal((await refresh(world, agent, tokens.refresh_token)).status, 400);
    assert.equal(world.counts.revocation, 1);
    assert.equal(world.counts.userinfo, 1);
  });

  test('logout goes back to the page at once with a hint, and asks without', async () => {
    const { tokens } = await signIn(world, agent);
    const back = `${world.pagesUrl}plain/`;
    const url = new URL(`${world.issuer}/logout`);
    const asked = await agent.follow(url.href);
    assert.match(await asked.response.text(), /data-testid="logout-confirm"/);
    url.search = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: back, state: 's1' });
    const { response, at } = await agent.follow(url.href);
    const html = await response.text();
    assert.match(html, /data-submit/);
    const { landed } = await agent.submit(html, at, {}, back);
    assert.equal(landed.searchParams.get('state'), 's1');
    assert.equal((await login(world, agent, { prompt: 'none' })).landed.searchParams.get('error'), 'login_required');
    assert.equal(world.counts.endSession, 2);
  });

  test('CORS for the pages of registered clients, at every endpoint a page uses', async () => {
    const { tokens } = await signIn(world, agent);
    const { origin } = new URL(world.pagesUrl);
    for (const path of ['/.well-known/openid-configuration', '/jwks']) {
      const response = await agent.cors(world.issuer + path);
      assert.equal(response.headers.get('access-control-allow-origin'), origin, path);
    }
    const answer = await refresh(world, agent, tokens.refresh_token);
    assert.equal(answer.headers.get('access-control-allow-origin'), origin);
    const stranger = await refresh(world, createAgent('https://evil.example'), (await answer.json()).refresh_token);
    assert.equal(stranger.status, 400);
    assert.equal(stranger.headers.get('access-control-allow-origin'), null);
    const preflight = await agent.cors(`${world.issuer}/userinfo`, {
      method: 'OPTIONS',
      headers: { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get('access-control-allow-headers'), /authorization/i);
    assert.equal(world.counts.preflight, 1);
  });

  test('lifetimes change while it runs', async () => {
    world.ttl.AccessToken = 1;
    try {
      const { tokens } = await signIn(world, agent);
      assert.equal(tokens.expires_in, 1);
      assert.equal((await api('/me', tokens.access_token)).status, 200);
      await new Promise((resolve) => { setTimeout(resolve, 2000); });
      assert.equal((await api('/me', tokens.access_token)).status, 401);
    } finally {
      world.ttl.AccessToken = 60;
    }
  });

  test('a clock that is wrong', async () => {
    const now = Math.floor(Date.now() / 1000);
    world.clock.shift(300_000);
    try {
      const { tokens } = await signIn(world, agent);
      assert.ok(Math.abs(jwtPart(tokens.id_token, 1).iat - now - 300) <= 5);
    } finally {
      world.clock.shift(0);
    }
    assert.ok(Math.abs(Date.now() / 1000 - now) < 30);
  });

  test('a client registered later', async () => {
    world.addClient({ client_id: 'late', redirect_uris: ['/made/late'] });
    const { response } = await signIn(world, agent, { clientId: 'late', redirectUri: `${world.pagesUrl}made/late` });
    assert.equal(response.status, 200);
  });
});

async function api(path, token, init = {}) {
  return agent.cors(world.apiUrl + path, {
    redirect: 'manual',
    ...init,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...init.headers },
  });
}

describe('api', () => {
  test('takes a live token and nothing else', async () => {
    const { tokens } = await signIn(world, agent);
    const me = await api('/me', tokens.access_token);
    assert.equal(me.headers.get('access-control-allow-origin'), new URL(world.pagesUrl).origin);
    assert.equal((await me.json()).sub, 'ada');
    for (const bad of ['nonsense', tokens.id_token, tokens.refresh_token, 'a.b.c']) {
      const refused = await api('/me', bad);
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get('www-authenticate'), /error="invalid_token"/);
      assert.match(refused.headers.get('access-control-expose-headers'), /WWW-Authenticate/);
    }
    assert.equal((await api('/me')).headers.get('www-authenticate'), 'Bearer, DPoP algs="ES256 Ed25519 EdDSA"');
    assert.ok(world.revoke({ sub: 'ada' }) >= 1);
    assert.equal((await api('/me', tokens.access_token)).status, 401);
  });

  test('a JWT for this API, when asked with resource', async () => {
    const more = { resource: world.apiUrl, scope: 'openid offline_access notes' };
    const { request, landed } = await login(world, agent, more);
    const exchange = await tokenRequest(world, agent, {
      grant_type: 'authorization_code',
      code: landed.searchParams.get('code'),
      redirect_uri: request.redirectUri,
      code_verifier: request.verifier,
      resource: world.apiUrl,
    });
    const tokens = await exchange.json();
    assert.equal(jwtPart(tokens.access_token, 1).aud, world.apiUrl);
    const me = await api('/me', tokens.access_token);
    assert.deepEqual((await me.json()).scope, 'notes');
    const forged = `${tokens.access_token.slice(0, -8)}AAAAAAAA`;
    assert.equal((await api('/me', forged)).status, 401);
  });

  test('notes, stream, redirects, refusals', async () => {
    const { tokens: { access_token: token } } = await signIn(world, agent, { username: 'grace' });
    const made = await api('/notes', token, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'first' }),
    });
    assert.equal(made.status, 201);
    assert.equal((await (await api('/notes', token)).json()).notes.at(-1).text, 'first');
    const lines = (await (await api('/stream', token)).text()).trim().split('\n');
    assert.equal(lines.length, 5);
    assert.equal((await api('/moved', token)).headers.get('location'), `${world.apiUrl}/me`);
    assert.equal(new URL((await api('/moved-away', token)).headers.get('location')).origin, world.issuer);
    assert.equal((await api('/forbidden', token)).status, 403);
    assert.equal((await api('/nothing', token)).status, 404);
    const preflight = await api('/me', undefined, { method: 'OPTIONS' });
    assert.match(preflight.headers.get('access-control-allow-headers'), /Authorization/);
    assert.equal(world.counts.apiPreflight, 1);
    const stranger = await fetch(`${world.apiUrl}/me`, { headers: { origin: 'https://evil.example' } });
    assert.equal(stranger.headers.get('access-control-allow-origin'), null);
  });
});

describe('faults', () => {
  test('the request never reaches the server', async () => {
    const { tokens } = await signIn(world, agent);
    const fault = world.faults.add('token', { grant: 'refresh_token', drop: 'request', times: 2 });
    await assert.rejects(refresh(world, agent, tokens.refresh_token));
    await assert.rejects(refresh(world, agent, tokens.refresh_token));
    assert.equal(fault.hits, 2);
    assert.equal((await refresh(world, agent, tokens.refresh_token)).status, 200);
    assert.deepEqual(
      world.counts.where({ grant: 'refresh_token' }).map(({ status, fault: hit }) => [status, hit]),
      [[undefined, true], [undefined, true], [200, false]],
    );
  });

  for (const drop of ['answer', 'body']) {
    test(`the ${drop} is lost after the server acted`, async () => {
      const { tokens } = await signIn(world, agent);
      world.faults.add('token', { drop, times: 1 });
      await assert.rejects(async () => (await refresh(world, agent, tokens.refresh_token)).json());
      const again = await refresh(world, agent, tokens.refresh_token);
      assert.equal((await again.json()).error, 'invalid_grant');
    });
  }

  test('a status instead of an answer', async () => {
    const { tokens } = await signIn(world, agent);
    world.faults.add('token', { status: 503, retryAfter: 2, times: 1 });
    world.faults.add('token', { status: 429, retryAfter: 1, times: 1, cors: false });
    const first = await refresh(world, agent, tokens.refresh_token);
    assert.equal(first.status, 503);
    assert.equal(first.headers.get('retry-after'), '2');
    assert.match(first.headers.get('access-control-expose-headers'), /Retry-After/);
    const second = await refresh(world, agent, tokens.refresh_token);
    assert.equal(second.status, 429);
    assert.equal(second.headers.get('access-control-allow-origin'), null);
    assert.equal((await refresh(world, agent, tokens.refresh_token)).status, 200);
  });

  test('held until released, and another answer than the server gave', async () => {
    const { tokens } = await signIn(world, agent);
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    world.faults.add('token', { delay: held, times: 1, rewrite: ({ id_token: _, ...rest }) => ({ ...rest, extra: 1 }) });
    const pending = refresh(world, agent, tokens.refresh_token);
    await world.counts.until((counts) => counts.grants.refresh_token === 1);
    assert.equal(world.counts.where({ grant: 'refresh_token' })[0].status, undefined);
    release();
    const answer = await (await pending).json();
    assert.equal(answer.extra, 1);
    assert.equal(answer.id_token, undefined);
    await world.counts.until((counts) => counts.where({ grant: 'refresh_token', status: 200 }).length === 1);
  });

  test('discovery down, the rest alive; everything down for a while', async () => {
    const discovery = `${world.issuer}/.well-known/openid-configuration`;
    const fault = world.faults.add('discovery', { drop: 'request' });
    await assert.rejects(agent.cors(discovery));
    assert.equal((await agent.cors(`${world.issuer}/jwks`)).status, 200);
    fault.clear();
    assert.equal((await agent.cors(discovery)).status, 200);
    world.faults.add('*', { drop: 'request', forMs: 300 });
    await assert.rejects(agent.cors(discovery));
    await assert.rejects(agent.cors(`${world.issuer}/jwks`));
    await new Promise((resolve) => { setTimeout(resolve, 350); });
    assert.equal((await agent.cors(discovery)).status, 200);
    assert.equal(world.counts.discovery, 4);
    assert.equal(world.counts.jwks, 2);
  });

  test('the API fails as well', async () => {
    const { tokens } = await signIn(world, agent);
    world.faults.add('api', { status: 401, times: 1, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
    assert.equal((await api('/me', tokens.access_token)).status, 401);
    assert.equal((await api('/me', tokens.access_token)).status, 200);
  });

  test('waiting for what never comes says what was counted', async () => {
    await assert.rejects(world.counts.until((counts) => counts.token > 0, 50), /"token":0/);
  });
});

describe('pages', () => {
  const get = (path, init) => fetch(new URL(path, world.pagesUrl), { redirect: 'manual', ...init });

  test('configuration, mounts, types, policy', async () => {
    assert.deepEqual(await (await get('/config.json')).json(), {
      issuer: world.issuer,
      clientId: 'demo',
      apiUrl: world.apiUrl,
      lifetime: 60,
    });
    const file = await get('/tests/world.test.mjs');
    assert.match(file.headers.get('content-type'), /^text\/javascript/);
    assert.equal(file.headers.get('cache-control'), 'no-store');
    const policy = file.headers.get('content-security-policy');
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval';/);
    assert.ok(policy.includes(`connect-src 'self' ${world.issuer} ${world.apiUrl};`));
    assert.equal(await (await get('/made/up?x=1')).text(), 'made for /made/up');
    assert.equal((await get('/tests')).headers.get('location'), '/tests/');
    assert.equal((await get('/plain')).status, 301);
    assert.match((await get('/')).headers.get('content-type'), /^text\/html/);
  });

  test('nothing outside a folder', async () => {
    for (const path of ['/tests/..%2f..%2fpackage.json', '/tests/%2e%2e/%2e%2e/package.json', '/tests//etc/passwd']) {
      assert.equal((await get(path)).status, 404, path);
    }
  });

  test('the switches of the demo', async () => {
    const { tokens } = await signIn(world, agent);
    const press = (name, body, headers = { 'content-type': 'application/json' }) =>
      get(`/demo/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal((await press('forget', { sub: 'ada' }, {})).status, 404);
    assert.equal((await press('nothing', {})).status, 404);
    assert.deepEqual(await (await press('lifetime', { seconds: 10 })).json(), { seconds: 10 });
    assert.equal(world.ttl.AccessToken, 10);
    await press('lifetime', { seconds: 60 });
    assert.ok((await (await press('forget', { sub: 'ada' })).json()).grants >= 1);
    assert.equal((await api('/me', tokens.access_token)).status, 401);
    await press('outage', { seconds: 1 });
    await assert.rejects(agent.cors(`${world.issuer}/jwks`));
    assert.ok((await (await press('counts', {})).json()).token >= 1);
  });
});

describe('life', () => {
  test('stop() frees the ports, and two worlds live side by side', async () => {
    const [one, two] = await Promise.all([startWorld(), startWorld()]);
    const port = Number(new URL(one.issuer).port);
    await Promise.all([one.stop(), two.stop()]);
    for (const host of ['127.0.0.1', '::1']) {
      const server = createServer();
      await new Promise((resolve, reject) => {
        server.once('error', (error) => (error.code === 'EADDRNOTAVAIL' ? resolve() : reject(error)));
        server.listen(port, host, () => server.close(resolve));
      });
    }
  });

  test('other hosts make other sites', async () => {
    const other = await startWorld({ hosts: { provider: '127.0.0.1' }, rotate: false, ttl: { AccessToken: 5 } });
    try {
      assert.equal(new URL(other.issuer).hostname, '127.0.0.1');
      const { tokens } = await signIn(other, createAgent(new URL(other.pagesUrl).origin));
      assert.equal(jwtPart(tokens.id_token, 1).iss, other.issuer);
      assert.equal(tokens.expires_in, 5);
    } finally {
      await other.stop();
    }
  });

  test('the command prints its address and leaves on SIGTERM', async () => {
    const main = fileURLToPath(new URL('../../www-example/server/main.mjs', import.meta.url));
    const child = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise((resolve) => { child.stdout.setEncoding('utf8').on('data', resolve); });
    const [, url] = /^Tokenward demo: (http:\/\/localhost:\d+\/)\n$/.exec(line);
    assert.equal((await fetch(`${url}config.json`)).status, 200);
    child.kill('SIGTERM');
    assert.equal(await new Promise((resolve) => { child.once('exit', resolve); }), 0);
  });
});
