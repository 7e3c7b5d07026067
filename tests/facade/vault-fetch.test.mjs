// Requests that are made in the vault, with ports between client and server. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { codeOf } from './support.mjs';
import { Channel, enter, makeVault, makeVaultClient, OPTIONS, quiet, until } from './vault-support.mjs';

const API = 'https://api.example/v1';
const realFetch = globalThis.fetch;

let vault;
let client;
let sent;
let answer;
beforeEach(async () => {
  vault = await makeVault();
  client = await makeVaultClient(vault);
  vault.core.giveToken('T1', 1);
  sent = [];
  answer = () => new Response('ok');
  globalThis.fetch = async (request) => {
    request.signal.throwIfAborted();
    const { url, method, headers, credentials, redirect, cache, mode } = request;
    const copy = { url, method, headers: Object.fromEntries(headers), credentials, redirect, cache, mode, signal: request.signal };
    if (request.body) copy.body = await request.clone().arrayBuffer();
    sent.push(copy);
    const response = await answer(request, copy);
    Object.defineProperty(response, 'url', { value: url });
    return response;
  };
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

test('the request is made in the vault, with the token, which the page never sees', async () => {
  const response = await client.fetch(`${API}/me?x=1`, { headers: { 'X-Own': 'yes', Authorization: 'Bearer mine', DPoP: 'mine' }, credentials: 'include', cache: 'no-cache' });
  assert.equal(await response.text(), 'ok');
  const [{ signal, ...request }] = sent;
  assert.ok(signal);
  assert.deepEqual(request, {
    url: `${API}/me?x=1`, method: 'GET', headers: { authorization: 'Bearer T1', 'x-own': 'yes' }, credentials: 'include', redirect: 'manual', cache: 'no-cache', mode: 'cors',
  });
});

test('status, headers, address and type come back, and a clone has them too', async () => {
  answer = () => new Response('{"a":1}', { status: 418, statusText: 'Teapot', headers: { 'Content-Type': 'application/json', 'X-Two': 'b' } });
  const response = await client.fetch(`${API}/x`);
  for (const each of [response.clone(), response]) {
    assert.deepEqual([each.status, each.statusText, each.ok, each.url, each.redirected, each.type], [418, 'Teapot', false, `${API}/x`, false, 'default']);
    assert.deepEqual([...each.headers], [['content-type', 'application/json'], ['x-two', 'b']]);
    assert.deepEqual(await each.json(), { a: 1 });
  }
});

test('headers between the server and who holds the token stay in the vault', async () => {
  answer = () => new Response('', { headers: [
    ['Authorization', 'Bearer T9'], ['DPoP-Nonce', 'n'], ['Authentication-Info', 'x'], ['Set-Cookie', 'a=b'], ['WWW-Authenticate', 'Bearer error="x"'], ['ETag', '1'],
  ] });
  const response = await client.fetch(API);
  assert.deepEqual([...response.headers.keys()], ['content-type', 'etag', 'www-authenticate']);
});

test('answers without a body', async () => {
  for (const status of [204, 205, 304]) {
    answer = () => new Response(null, { status });
    const response = await client.fetch(API);
    assert.deepEqual([response.status, response.body], [status, null]);
  }
});

const text = (bytes) => new TextDecoder().decode(bytes);

test('every kind of body arrives', async () => {
  const form = new FormData();
  form.set('a', 'b');
  form.set('file', new Blob(['content'], { type: 'text/css' }), 'x.css');
  const bodies = [
    ['text', 'text/plain;charset=UTF-8', 'text'],
    [new Blob(['blob'], { type: 'image/png' }), 'image/png', 'blob'],
    [new Blob(['bare']), undefined, 'bare'],
    [new URLSearchParams({ q: 'ä b' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'q=%C3%A4+b'],
    [Uint8Array.of(104, 105).buffer, undefined, 'hi'],
    [Uint8Array.of(0, 104, 105).subarray(1), undefined, 'hi'],
    ['', 'text/plain;charset=UTF-8', ''],
  ];
  for (const [body, type, expected] of bodies) {
    await client.fetch(API, { method: 'POST', body });
    const { headers, body: got } = sent.at(-1);
    assert.equal(headers['content-type'], type);
    assert.equal(got && text(got), expected);
  }
  await client.fetch(API, { method: 'POST', body: form });
  const { headers, body } = sent.at(-1);
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'])[1];
  assert.ok(text(body).includes(boundary) && text(body).includes('content'));
  // Node's clones of files have no name.
  assert.match(text(body), structuredClone(new File([], 'x.css')).name ? /filename="x\.css"/ : /filename="blob"/);

  await client.fetch(new Request(`${API}/r`, { method: 'PUT', body: 'of a request', headers: { 'Content-Type': 'text/x' } }));
  assert.deepEqual([sent.at(-1).method, sent.at(-1).headers['content-type'], text(sent.at(-1).body)], ['PUT', 'text/x', 'of a request']);
  await client.fetch(API, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' });
  assert.equal(sent.at(-1).headers['content-type'], 'application/json');
});

test('a stream is sent piece by piece', async () => {
  let pulled = 0;
  const pieces = ['one', 'two', 'three'].map((piece) => new TextEncoder().encode(piece));
  const kept = pieces[0];
  const body = new ReadableStream({
    pull: (controller) => {
      if (pieces.length) controller.enqueue(pieces.shift());
      else controller.close();
      pulled += 1;
    },
  });
  await client.fetch(API, { method: 'POST', body, duplex: 'half' });
  assert.equal(text(sent[0].body), 'onetwothree');
  assert.equal(pulled, 4);
  assert.equal(text(kept), 'one', 'it was copied');
});

test('a stream that fails, or brings what is no octets, fails the request', async () => {
  const failing = new ReadableStream({ pull: () => { throw new Error('the disk is gone'); } });
  await assert.rejects(client.fetch(API, { method: 'POST', body: failing, duplex: 'half' }), /the disk is gone/);
  const wrong = new ReadableStream({ start: (controller) => controller.enqueue('text') });
  await assert.rejects(client.fetch(API, { method: 'POST', body: wrong, duplex: 'half' }), TypeError);
  await quiet();
  assert.equal(sent.length, 0);
});

test('a download is fetched as it is read', async () => {
  let made = 0;
  let cancelled;
  const PIECE = 32_768;
  answer = () => new Response(new ReadableStream({
    pull: (controller) => {
      made += 1;
      controller.enqueue(new Uint8Array(PIECE).fill(made));
    },
    cancel: (reason) => { cancelled = reason ?? true; },
  }, { highWaterMark: 0 }));
  const response = await client.fetch(API);
  await quiet();
  assert.ok(made <= 3, `${made} pieces before anybody reads`);
  const reader = response.body.getReader();
  for (let i = 1; i <= 20; i++) {
    const { value } = await reader.read();
    assert.equal(value.byteLength, PIECE);
    assert.equal(value[0], i);
  }
  await quiet();
  assert.ok(made <= 23, `${made} pieces after 20 were read`);
  await reader.cancel('enough');
  await until('the vault lets go', () => cancelled);
});

test('a short answer that nobody reads is over in the vault', async () => {
  const page = await enter(vault, { options: { ...OPTIONS, clientId: vault.core.options.clientId } });
  for (let i = 0; i < 600; i++) {
    const response = await client.fetch(API);
    assert.equal(response.status, 200);
  }
  page.port.close();
});

test('a download that breaks off is an error of its stream', async () => {
  answer = () => new Response(new ReadableStream({
    start: (controller) => {
      controller.enqueue(new Uint8Array(10));
      setTimeout(() => controller.error(new TypeError('network error')), 5);
    },
  }));
  const response = await client.fetch(API);
  await assert.rejects(response.arrayBuffer(), TypeError);
});

test('abort: before, while waiting, and while reading', async () => {
  await assert.rejects(client.fetch(API, { signal: AbortSignal.abort(new Error('before')) }), /before/);
  assert.equal(sent.length, 0);

  const waiting = new AbortController();
  answer = () => new Promise(() => {});
  const asked = client.fetch(API, { signal: waiting.signal });
  asked.catch(() => {});
  await until('it is sent', () => sent.length === 1);
  waiting.abort(new Error('while waiting'));
  await assert.rejects(asked, /while waiting/);
  await until('the request is aborted', () => sent[0].signal.aborted);

  const reading = new AbortController();
  answer = (_request, { signal }) => new Response(new ReadableStream({
    start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
  }));
  const response = await client.fetch(API, { signal: reading.signal });
  const body = response.text();
  body.catch(() => {});
  reading.abort(new Error('while reading'));
  await assert.rejects(body, /while reading/);
  await until('the download is aborted', () => sent[1].signal.aborted);
});

test('a failure of the network is a TypeError, and one of ours is ours', async () => {
  answer = () => { throw new TypeError('Failed to fetch'); };
  await assert.rejects(client.fetch(API), (error) => error instanceof TypeError && error.message === 'Failed to fetch');
  vault.core.host.token(undefined, 0, NaN, 0, 0);
  const { Fail } = await import('./support.mjs');
  vault.core.answers.getToken = () => new Fail('login_required');
  const error = await client.fetch(API).catch((caught) => caught);
  assert.equal(error.code, 'login_required');
  assert.equal(error.message, 'login_required: Call login().');
});

test('J09: the list is checked in the vault, before anything is sent', async () => {
  for (const url of [
    'https://api.example/v10', 'https://api.example/', 'https://api.example/v1/..%2fadmin', 'https://api.example.evil.test/v1', 'https://evil.test/v1',
    'http://api.example/v1', 'https://api.example:444/v1', 'https://id.example/token',
  ]) {
    assert.equal(await codeOf(client.fetch(url)), 'api_not_allowed', url);
  }
  // A page that writes its messages itself does not come further.
  const page = await enter(vault, { options: { ...OPTIONS, clientId: vault.core.options.clientId } });
  for (const url of ['https://evil.test/v1', 'https://id.example/token', '//evil.test', '/v1', 'data:,x', 'blob:https://app.example/1']) {
    const [, error] = await raw(page, { url });
    assert.ok(error.code === 'api_not_allowed' || error.code === undefined, JSON.stringify(error));
  }
  assert.deepEqual([sent.length, vault.core.count('getToken')], [0, 0]);
  const [, error] = await raw(page, { mode: 'navigate' });
  assert.equal(error, undefined, 'it is made one with CORS');
  assert.equal(sent.at(-1).mode, 'cors');
});

const HEAD = {
  url: API, method: 'GET', headers: [], mode: 'cors', credentials: 'same-origin', cache: 'default', redirect: 'follow', referrer: 'about:client', referrerPolicy: '',
  integrity: '', keepalive: false,
};

/** Sends a request as a script would; gives the error, if there is one. */
const raw = async (page, head, body, also = []) => {
  const { port1, port2 } = new Channel();
  const heard = [];
  port1.onmessage = ({ data }) => heard.push(data);
  page.say(['fetch', { ...HEAD, ...head }, body], [port2]);
  for (const message of also) port1.postMessage(message);
  const [verb, value] = await until('an answer', () => heard.find(([verb]) => verb === 'fail' || verb === 'head'));
  return [verb, verb === 'fail' ? value : undefined];
};

test('J08: a request that is none is refused', async () => {
  const page = await enter(vault, { options: { ...OPTIONS, clientId: vault.core.options.clientId } });
  for (const [head, body] of [
    [{ url: 5 }], [{ url: `${API}/${'x'.repeat(70_000)}` }], [{ method: undefined }], [{ headers: [['a']] }], [{ headers: {} }], [{ headers: [['a', 'x'.repeat(70_000)]] }],
    [{ keepalive: 'yes' }], [{ token: true }], [{}, 5], [{}, false], [{}, { form: 1 }], [{}, [['a']]], [{}, [['a', 5]]], [{}, [[5, 'a']]], [{}, new Uint8Array(1)],
  ]) {
    const [, error] = await raw(page, head, body);
    assert.equal(error.code, 'vault_message', JSON.stringify(head));
  }
  // What the browser takes for no request is one of its errors.
  for (const head of [{ method: 'TRACE' }, { method: 'A B' }, { headers: [['a b', 'c']] }, { cache: 'never' }, { redirect: 'always' }]) {
    const [verb, error] = await raw(page, head);
    assert.deepEqual([verb, error.code], ['fail', undefined], JSON.stringify(head));
  }
  assert.equal(sent.length, 0);
});

test('J08: pieces that nobody asked for end the request', async () => {
  const page = await enter(vault, { options: { ...OPTIONS, clientId: vault.core.options.clientId } });
  answer = () => new Promise(() => {});
  const chunk = ['chunk', new Uint8Array(1)];
  for (const also of [[chunk], [['end']], [['pull']], [['token']], [['head', {}]], [null], [['abort', 1]]]) {
    const [, error] = await raw(page, {}, undefined, also);
    assert.equal(error.code, 'vault_message', JSON.stringify(also));
  }
  for (const also of [[['chunk', 'text']], [['chunk']], [['chunk', new Uint8Array(1), 1]]]) {
    const [, error] = await raw(page, { method: 'POST' }, true, also);
    assert.equal(error.code, 'vault_message', JSON.stringify(also));
  }
});

test('401: one refresh and one retry, with the body, however many requests', async () => {
  vault.core.answers.getToken = ({ rejected } = {}) => {
    assert.equal(rejected, 1);
    return { token: 'T2', serial: 2 };
  };
  answer = (request) => (request.headers.get('authorization') === 'Bearer T2' ? new Response('yes') : new Response('no', { status: 401 }));
  const responses = await Promise.all(Array.from({ length: 20 }, () => client.fetch(API, { method: 'POST', body: 'again' })));
  for (const response of responses) assert.deepEqual([response.status, await response.text()], [200, 'yes']);
  assert.equal(sent.length, 40);
  assert.ok(sent.every(({ body }) => text(body) === 'again'));
  assert.equal(vault.core.count('getToken'), 20);
});

test('a page that goes takes its requests along', async () => {
  const page = await enter(vault, { options: { ...OPTIONS, clientId: vault.core.options.clientId } });
  answer = () => new Promise(() => {});
  const { port2 } = new Channel();
  page.say(['fetch', HEAD, undefined], [port2]);
  await until('it is sent', () => sent.length === 1);
  page.port.close();
  await until('it is aborted', () => sent[0].signal.aborted);
});

test('a vault that drops the page fails what is under way', async () => {
  answer = () => new Promise(() => {});
  const asked = codeOf(client.fetch(API));
  await until('it is sent', () => sent.length === 1);
  vault.drop();
  assert.equal(await asked, 'vault_unavailable');
});

test('a request in no-cors mode, or one that asks for redirects, gets neither', async () => {
  await client.fetch(API, { mode: 'no-cors', redirect: 'follow' });
  assert.deepEqual([sent[0].mode, sent[0].redirect, sent[0].headers.authorization], ['cors', 'manual', 'Bearer T1']);
});
