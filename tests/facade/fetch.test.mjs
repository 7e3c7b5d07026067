// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { codeOf, Fail, makeClient, openPage } from './support.mjs';

let sent;
beforeEach(() => {
  openPage();
  sent = [];
});

/** Answers in turn; each is a status or a function. */
const serve = (...answers) => {
  globalThis.fetch = async (request) => {
    request.signal.throwIfAborted();
    sent.push({
      url: request.url,
      token: request.headers.get('authorization'),
      dpop: request.headers.get('dpop'),
      redirect: request.redirect,
      method: request.method,
      body: await request.text(),
      request,
    });
    const answer = answers.shift() ?? 200;
    return typeof answer === 'function' ? answer(request) : new Response(`answer ${answer}`, { status: answer });
  };
};

const api = 'https://api.example/v1';
const ready = async (apis = [api], prepare) => {
  const made = await makeClient({ apis }, prepare);
  made.core.giveToken();
  made.core.answers.getToken = () => ({ token: 'T2', serial: 2 });
  return made;
};

test('the token goes along, whatever the input is', async () => {
  const { client, core } = await ready();
  serve();
  for (const input of [`${api}/me`, new URL(`${api}/me`), new Request(`${api}/me`)]) {
    assert.equal((await client.fetch(input)).status, 200);
    assert.equal(sent.at(-1).token, 'Bearer T1');
    assert.equal(sent.at(-1).redirect, 'manual');
  }
  assert.equal(core.count('getToken'), 0);
});

test('J09: credentials of the caller are replaced, everything else stays', async () => {
  const { client } = await ready();
  serve();
  await client.fetch(`${api}/me`, {
    method: 'PUT',
    body: 'text',
    headers: { Authorization: 'Bearer mine', DPoP: 'proof', 'X-Own': '1' },
    credentials: 'include',
    referrerPolicy: 'no-referrer',
    redirect: 'follow',
    cache: 'no-store',
  });
  const { token, dpop, redirect, method, body, request } = sent[0];
  assert.deepEqual(
    { token, dpop, redirect, method, body },
    { token: 'Bearer T1', dpop: null, redirect: 'manual', method: 'PUT', body: 'text' },
  );
  assert.equal(request.headers.get('x-own'), '1');
  assert.equal(request.credentials, 'include');
  assert.equal(request.referrerPolicy, 'no-referrer');
  assert.equal(request.cache, 'no-store');
});

const refused = [
  'https://api.example/v10',
  'https://api.example/',
  'https://api.example/V1/me',
  'https://api.example.evil.test/v1/me',
  'https://api.example:8443/v1/me',
  'http://api.example/v1/me',
  'https://evil.test/https://api.example/v1',
  'https://api.example/v1/../admin',
  'https://api.example/v1/%2e%2e/admin',
  'https://api.example/v1\\..\\admin',
  'https://api.example/v1/..%2fadmin',
  'https://api.example/v1/..%5cadmin',
  'https://api.example/v1/%252e%252e%252fadmin',
  'https://api.example/v1/a%2f..%2F..%2fadmin',
  'https://api.example/v1/..;/admin',
  'https://api.example/v1/..%3b/admin',
  'https://api.example/v1%2fme',
  'https://api.example/%761/me',
  'blob:https://api.example/v1',
  'data:text/plain,hello',
];
for (const url of refused) {
  test(`J09: refused before anything happens: ${url}`, async () => {
    const { client, core } = await ready();
    core.host.token(undefined, 0, NaN, 0, 0);
    serve();
    assert.equal(await codeOf(client.fetch(url)), 'api_not_allowed');
    assert.equal(core.count('getToken'), 0);
    assert.equal(sent.length, 0);
  });
}

const covered = [
  'https://api.example/v1',
  'https://api.example/v1/',
  'https://api.example/v1?x=../..',
  'https://api.example:443/v1/me#..',
  'HTTPS://API.EXAMPLE/v1/a/../b',
  'https://api.example/v1/projects/group%2Fname',
  'https://api.example/v1/file..name/...',
];
for (const url of covered) {
  test(`covered: ${url}`, async () => {
    const { client } = await ready();
    serve();
    assert.equal((await client.fetch(url)).status, 200);
  });
}

test('J09: credentials in the URL are refused as fetch does', async () => {
  const { client } = await ready();
  serve();
  await assert.rejects(client.fetch('https://u:p@api.example/v1/me'), TypeError);
  assert.equal(sent.length, 0);
});

test('J09 J10: a URL that reads differently the second time is judged as it is sent', async () => {
  const { client } = await ready();
  serve();
  let reads = 0;
  const input = { toString: () => (reads++ ? 'https://evil.test/' : `${api}/me`) };
  await client.fetch(input);
  assert.equal(sent[0].url, `${api}/me`);
  assert.equal(await codeOf(client.fetch(input)), 'api_not_allowed');
});

test('methods narrow an API; a whole origin has no folder to climb out of', async () => {
  const { client } = await ready([{ url: api, methods: ['get'] }, 'https://open.example']);
  serve();
  assert.equal((await client.fetch(`${api}/me`)).status, 200);
  assert.equal(await codeOf(client.fetch(`${api}/me`, { method: 'POST' })), 'api_not_allowed');
  assert.equal((await client.fetch('https://open.example/a/..%2fb', { method: 'POST' })).status, 200);
});

test('J09: http only between loopback and loopback', async () => {
  const apis = ['http://localhost:3000/api', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'http://api.localhost'];
  for (const url of apis) assert.equal(await codeOf(makeClient({ apis: [url] })), 'option_invalid');
  openPage('http://localhost:5173/');
  for (const url of apis) await makeClient({ apis: [url] });
  for (const url of ['http://api.example', 'http://localhost.evil.test', 'http://127.0.0.1.evil.test']) {
    assert.equal(await codeOf(makeClient({ apis: [url] })), 'option_invalid');
  }
});

test('wrong apis are named', async () => {
  const pathOf = (apis) => makeClient({ apis }).then(() => 'fine', (error) => `${error.code} ${error.path}`);
  assert.equal(await pathOf('https://api.example'), 'option_invalid apis');
  assert.equal(await pathOf([api, '/relative']), 'option_invalid apis[1]');
  assert.equal(await pathOf(['https://api.example?x']), 'option_invalid apis[0]');
  assert.equal(await pathOf(['https://u@api.example']), 'option_invalid apis[0]');
  assert.equal(await pathOf(['https://api.example/a/..%2fb']), 'option_invalid apis[0]');
  assert.equal(await pathOf(['https://*.example']), 'option_invalid apis[0]');
  assert.equal(await pathOf([7]), 'option_invalid apis[0]');
  assert.equal(await pathOf([{ url: api, method: 'GET' }]), 'option_unknown apis[0].method');
  assert.equal(await pathOf([{ url: api, methods: 'GET' }]), 'option_invalid apis[0].methods');
});

test('S11: a 401 is answered with one refresh and one retry, the body sent again', async () => {
  const { client, core } = await ready();
  serve(401, 200);
  const response = await client.fetch(`${api}/me`, { method: 'POST', body: JSON.stringify({ a: 1 }) });
  assert.equal(response.status, 200);
  assert.deepEqual(sent.map(({ token, body }) => [token, body]), [['Bearer T1', '{"a":1}'], ['Bearer T2', '{"a":1}']]);
  assert.deepEqual(core.calls.at(-1).args, { rejected: 1 });
});

test('S11: a 401 after the retry is the result', async () => {
  const { client, core } = await ready();
  serve(401, 401);
  assert.equal((await client.fetch(new Request(`${api}/me`, { method: 'POST', body: 'x' }))).status, 401);
  assert.equal(sent.length, 2);
  assert.equal(sent[1].body, 'x');
  assert.equal(core.count('getToken'), 1);
});

test('a 401 whose refresh fails is the result, still readable', async () => {
  const { client, core } = await ready();
  core.answers.getToken = () => new Fail('session_ended');
  serve(401);
  const response = await client.fetch(`${api}/me`);
  assert.equal(response.status, 401);
  assert.equal(await response.text(), 'answer 401');
});

test('a stream is sent once', async () => {
  const { client, core } = await ready();
  serve(401);
  const body = new Blob(['streamed']).stream();
  const response = await client.fetch(`${api}/me`, { method: 'POST', body, duplex: 'half' });
  assert.equal(response.status, 401);
  assert.deepEqual(sent.map(({ body }) => body), ['streamed']);
  assert.equal(core.count('getToken'), 0);
});

test('J09: a redirect is not followed', async () => {
  const { client } = await ready();
  serve(() => Object.defineProperty(new Response(null), 'type', { value: 'opaqueredirect' }));
  assert.equal(await codeOf(client.fetch(`${api}/old`)), 'api_redirected');
  serve();
  await client.fetch(`${api}/old`, { redirect: 'error' });
  assert.equal(sent.at(-1).redirect, 'error');
});

test('an abort rejects as fetch does: before, while waiting for a token, and while sending', async () => {
  const { client, core } = await ready();
  serve();
  await assert.rejects(client.fetch(`${api}/me`, { signal: AbortSignal.abort() }), { name: 'AbortError' });
  core.host.token(undefined, 0, NaN, 0, 0);
  core.answers.getToken = () => undefined;
  const controller = new AbortController();
  const waiting = client.fetch(`${api}/me`, { signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  assert.equal(sent.length, 0);
  assert.equal(core.cancelled.length, 1);
});

test('no token and no network reject with their own errors', async () => {
  const { client, core } = await ready();
  serve(() => {
    throw new TypeError('Failed to fetch');
  });
  await assert.rejects(client.fetch(`${api}/me`), TypeError);
  core.host.token(undefined, 0, NaN, 0, 0);
  core.answers.getToken = () => new Fail('login_required');
  assert.equal(await codeOf(client.fetch(`${api}/me`)), 'login_required');
});
