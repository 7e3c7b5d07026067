// The token proxy of the example, before an emulated GitHub: what it passes on, and that it is no open relay.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { connect } from 'node:net';
import { PROVIDERS, SECRET, startEmulation } from './emulation.mjs';
import { authorize, CLIENT, post, proxyFor, redeem, refresh, serve } from './support.mjs';

let emulation;
let proxy;
const { github } = PROVIDERS;
const seen = () => emulation.of('github').requests;

before(async () => {
  emulation = await startEmulation(CLIENT);
  proxy = await proxyFor(emulation, github, SECRET);
});
after(() => Promise.all([proxy.stop(), emulation.stop()]));
beforeEach(() => void (seen().length = 0));

const login = () => authorize(emulation.at(github.authorize), { scope: 'repo' });

test('login and refresh: the secret is added behind the page, nothing else', async () => {
  const answer = await login();
  const first = await redeem(proxy.url, answer);
  assert.deepEqual([first.status, first.allowed], [200, CLIENT.origin]);
  const second = await refresh(proxy.url, first.body.refresh_token);
  assert.equal(second.status, 200);
  const [code, renewal] = seen();
  assert.deepEqual(code.form, {
    grant_type: 'authorization_code', code: answer.code, redirect_uri: CLIENT.redirectUri, code_verifier: answer.verifier,
    client_id: CLIENT.clientId, client_secret: SECRET,
  });
  assert.deepEqual(renewal.form, {
    grant_type: 'refresh_token', refresh_token: first.body.refresh_token, client_id: CLIENT.clientId, client_secret: SECRET,
  });
  for (const { headers } of seen()) {
    assert.equal(headers.accept, 'application/json');
    for (const name of ['origin', 'cookie', 'authorization', 'x-forwarded-for']) assert.equal(headers[name], undefined, name);
  }
  for (const { body } of [first, second]) assert.ok(!JSON.stringify(body).includes(SECRET));
});

test('the secret as HTTP Basic, where the provider wants it so', async () => {
  const basic = await proxyFor(emulation, github, SECRET, { basic: true });
  const first = await redeem(basic.url, await login());
  await basic.stop();
  assert.equal(first.status, 200);
  assert.equal(seen()[0].form.client_secret, undefined);
  assert.match(seen()[0].headers.authorization, /^Basic /);
});

test('errors of the provider come through as they are', async () => {
  const dead = await refresh(proxy.url, 'no-such-token');
  assert.deepEqual([dead.status, dead.body], [200, github.dead.body]);
});

test('what a page of another origin, another client or another grant asks for is not passed on', async () => {
  const { code, verifier } = await login();
  const good = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CLIENT.redirectUri };
  for (const [form, headers, status] of [
    [good, { origin: 'https://evil.test' }, 403],
    [good, { origin: `${CLIENT.origin}.evil.test` }, 403],
    [good, { origin: 'null' }, 403],
    [good, { 'content-type': 'application/json' }, 415],
    [good, { 'content-type': 'text/plain' }, 415],
    [{ ...good, client_id: 'other' }, {}, 400],
    [{ ...good, redirect_uri: 'https://evil.test/' }, {}, 400],
    [{ ...good, grant_type: 'client_credentials' }, {}, 400],
    [{ ...good, grant_type: 'password' }, {}, 400],
    [{ ...good, grant_type: '__proto__' }, {}, 400],
    [{ ...good, grant_type: 'toString' }, {}, 400],
    [{ code, code_verifier: verifier }, {}, 400],
  ]) {
    const answer = await post(proxy.url, form, headers);
    assert.equal(answer.status, status, JSON.stringify([form, headers]));
    assert.equal(answer.allowed, headers.origin ? null : CLIENT.origin);
    assert.equal(answer.body.access_token, undefined);
  }
  const without = await fetch(proxy.url, { method: 'POST', body: new URLSearchParams({ ...good, client_id: CLIENT.clientId }) });
  assert.equal(without.status, 403);
  for (const method of ['GET', 'PUT', 'OPTIONS', 'DELETE']) {
    assert.equal((await fetch(proxy.url, { method, headers: { origin: CLIENT.origin } })).status, 405);
  }
  assert.deepEqual(seen(), []);
});

test('what the page adds does not reach the provider', async () => {
  const { code, verifier } = await login();
  const answer = await post(`${proxy.url}/anywhere?tokenEndpoint=https://evil.test&client_secret=x`, {
    grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CLIENT.redirectUri,
    client_secret: 'mine', scope: 'admin', audience: 'x', client_assertion: 'y',
  });
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(seen()[0].form).sort(), ['client_id', 'client_secret', 'code', 'code_verifier', 'grant_type', 'redirect_uri']);
  assert.equal(seen()[0].form.client_secret, SECRET);
  // Twice the same parameter is once.
  const twice = `grant_type=refresh_token&refresh_token=a&refresh_token=b&client_id=${CLIENT.clientId}`;
  await fetch(proxy.url, { method: 'POST', headers: { origin: CLIENT.origin, 'content-type': 'application/x-www-form-urlencoded' }, body: twice });
  assert.equal(seen()[1].form.refresh_token, 'a');
});

test('a body without end is not read to its end', async () => {
  const form = { grant_type: 'refresh_token', refresh_token: 'x'.repeat(20_000) };
  const outcome = await post(proxy.url, form).then(({ status }) => status, () => 'closed');
  assert.ok([413, 'closed'].includes(outcome), String(outcome));
  const { hostname, port } = new URL(proxy.url);
  const written = await new Promise((resolve) => {
    let sent = 0;
    const socket = connect(port, hostname, () => {
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nOrigin: ${CLIENT.origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n`);
      const more = () => {
        if (socket.destroyed) return;
        socket.write(`400\r\n${'x'.repeat(1024)}\r\n`);
        sent += 1024;
        if (sent < 50_000_000) setImmediate(more);
      };
      more();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(sent));
    socket.resume();
  });
  assert.ok(written < 50_000_000, `${written} octets were taken`);
  assert.deepEqual(seen(), []);
  assert.equal((await redeem(proxy.url, await login())).status, 200);
});

test('a provider that redirects, breaks off or is not there: 502, and the proxy lives', async () => {
  const broken = await serve((req, res) => {
    if (req.url === '/redirects') res.writeHead(302, { Location: `${emulation.at(github.token)}` }).end();
    else req.socket.destroy();
  });
  for (const token of [`${broken.url}/redirects`, `${broken.url}/breaks`, 'http://127.0.0.1:1/']) {
    const before = await proxyFor({ at: () => token }, github, SECRET);
    const answer = await refresh(before.url, 'x');
    assert.deepEqual([answer.status, answer.body.error], [502, 'temporarily_unavailable'], token);
    await before.stop();
  }
  await broken.stop();
  assert.deepEqual(seen(), []);
});
