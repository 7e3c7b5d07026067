// How to run: see support.mjs. What an engine needs of its realm: time limits, the wake-up, moments, pending logins.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { load, openPage, settled } from './support.mjs';

const { createLimit } = await load('limit');
const { keepPending } = await load('pending-logins');
const { inShell } = await load('shell');
const { verify } = await load('verify');

const body = (...chunks) => new Response(new ReadableStream({
  start: (controller) => {
    for (const chunk of chunks) controller.enqueue(chunk);
    controller.close();
  },
})).body;

test('E16: the time limit is one over headers and body, and ends a read that the browser lets hang', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const limit = createLimit(1000);
  let cancelled = false;
  const reading = limit.read(new ReadableStream({ cancel: () => { cancelled = true; } }), 100);
  reading.catch(() => {});
  t.mock.timers.tick(999);
  assert.deepEqual([limit.over, limit.signal.aborted], [false, false]);
  t.mock.timers.tick(1);
  assert.deepEqual([limit.over, limit.signal.aborted], [true, true]);
  await assert.rejects(reading, { name: 'AbortError' });
  assert.ok(cancelled);
});

test('E16: what ends in time is not aborted, and what failed is', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [done, failed] = [createLimit(1000), createLimit(1000)];
  done.end(false);
  failed.end(true);
  t.mock.timers.tick(5000);
  assert.deepEqual([done.over, done.signal.aborted], [false, false]);
  assert.deepEqual([failed.over, failed.signal.aborted], [false, true]);
});

test('E16: a body has as many octets as it may, or is none', async () => {
  const limit = createLimit(60_000);
  const read = async (...given) => {
    const octets = await limit.read(...given);
    return octets && [...octets];
  };
  assert.deepEqual(await read(body(Uint8Array.of(1, 2), Uint8Array.of(3)), 3), [1, 2, 3]);
  assert.equal(await read(body(Uint8Array.of(1, 2), Uint8Array.of(3)), 2), null);
  assert.deepEqual(await read(body(), 0), []);
  assert.deepEqual(await read(null, 0), []);
  limit.end(true);
  await assert.rejects(read(body(Uint8Array.of(1)), 9), { name: 'AbortError' });
});

/** As much of sessionStorage as is used, with keys as own members. */
const openStorage = () => {
  class Storage {
    getItem(key) { return Object.hasOwn(this, key) ? this[key] : null; }
    setItem(key, value) { this[key] = value; }
    removeItem(key) { delete this[key]; }
  }
  return (globalThis.sessionStorage = new Storage());
};

const CLIENT = 'https://id.example spa';

test('A03: a login is stored under client and state, and taken once', (t) => {
  t.after(() => { delete globalThis.sessionStorage; });
  const storage = openStorage();
  storage.setItem('tokenward.login.https://id.example spa2.tw.1', 'of another client');
  assert.deepEqual(keepPending(CLIENT, 'tw.1', 'one'), ['done']);
  assert.deepEqual(keepPending(CLIENT, 'tw.2', 'two'), ['done']);
  assert.equal(storage[`tokenward.login.${CLIENT}.tw.1`], 'one');
  assert.deepEqual(keepPending(CLIENT, ''), ['done', undefined, ''], 'only asked whether there is one');
  assert.deepEqual(keepPending(CLIENT, 'tw.1'), ['done', 'one', '']);
  assert.deepEqual(keepPending(CLIENT, 'tw.1'), ['done', undefined, '']);
  assert.deepEqual(keepPending(CLIENT, 'tw.2'), ['done', 'two', undefined]);
  assert.deepEqual(Object.keys(storage), ['tokenward.login.https://id.example spa2.tw.1']);
});

test('pending logins do not pile up', (t) => {
  t.after(() => { delete globalThis.sessionStorage; });
  const storage = openStorage();
  for (let i = 0; i < 25; i++) keepPending(CLIENT, `tw.${i}`, 'r');
  assert.equal(Object.keys(storage).length, 10);
  assert.ok(Object.keys(storage).includes(`tokenward.login.${CLIENT}.tw.24`));
});

test('a storage that is forbidden, full, or does not let go keeps nothing', (t) => {
  t.after(() => { delete globalThis.sessionStorage; });
  assert.deepEqual(keepPending(CLIENT, 'tw.1', 'r'), ['failed']);
  const storage = openStorage();
  storage.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  Object.defineProperty(storage, 'setItem', { enumerable: false });
  assert.deepEqual(keepPending(CLIENT, 'tw.1', 'r'), ['failed']);
  const stubborn = openStorage();
  stubborn.setItem(`tokenward.login.${CLIENT}.tw.1`, 'r');
  Object.defineProperty(stubborn, 'removeItem', { value: () => { throw new Error('no'); } });
  assert.deepEqual(keepPending(CLIENT, 'tw.1'), ['failed'], 'what cannot be removed could be used twice');
});

/** An engine in its shell, in a page or a worker, and what happened to it. */
const start = ({ page }) => {
  const happened = [];
  const kept = [];
  const asked = [];
  if (page) globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  let means;
  const engine = { happened: (what) => happened.push(what), kept: (...answer) => kept.push(answer) };
  inShell((given) => {
    means = given;
    return engine;
  }, { issuer: 'https://id.example', clientId: 'spa' }, { keep: (...job) => asked.push(job) });
  return { happened, kept, asked, means };
};

beforeEach(() => openPage());
afterEach(() => {
  delete globalThis.document;
  mock.reset();
});

const [TICK, RESUMED, RESTORED, ONLINE, OFFLINE] = [0, 1, 2, 3, 4];

test('H02: an engine hears of every moment after which time may have passed, and of the network', () => {
  const { happened, means } = start({ page: true });
  assert.deepEqual(happened.splice(0), [ONLINE], 'what the browser says at the start');
  const { document } = globalThis;
  document.dispatchEvent(new Event('visibilitychange'));
  document.dispatchEvent(new Event('resume'));
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  assert.deepEqual(happened.splice(0), [RESUMED, RESUMED, RESUMED, RESTORED]);
  document.hidden = true;
  document.dispatchEvent(new Event('visibilitychange'));
  assert.deepEqual(happened, [], 'nobody looks at a page that has just been hidden');
  document.dispatchEvent(new Event('resume'));
  dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
  assert.deepEqual(happened.splice(0), [RESUMED, RESUMED], 'time has passed for a hidden page as well');
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: false }, configurable: true });
  dispatchEvent(new Event('offline'));
  // A page may tell a worker that does not know yet.
  dispatchEvent(new Event('online'));
  delete globalThis.navigator;
  assert.deepEqual(happened.splice(0), [OFFLINE, ONLINE]);
  means.rest();
  dispatchEvent(new Event('online'));
  document.dispatchEvent(new Event('resume'));
  assert.deepEqual(happened, [], 'an engine that is over hears nothing');
});

test('there is one wake-up, and the last word about it counts', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { happened, means } = start({ page: false });
  happened.length = 0;
  means.wake(500);
  means.wake(1000);
  t.mock.timers.tick(999);
  assert.deepEqual(happened, []);
  t.mock.timers.tick(1);
  assert.deepEqual(happened.splice(0), [TICK]);
  means.wake(0);
  means.wake(-1);
  t.mock.timers.tick(5000);
  assert.deepEqual(happened, []);
});

test('a page keeps its pending logins itself, a worker has them kept', (t) => {
  t.after(() => { delete globalThis.sessionStorage; });
  openStorage();
  const inPage = start({ page: true });
  inPage.means.keep(1, 'store', 'tw.1', 'record');
  inPage.means.keep(2, 'take', 'tw.1');
  inPage.means.keep(3, 'load', '');
  assert.deepEqual(inPage.kept, [[1, 'done'], [2, 'done', 'record', undefined]]);
  assert.deepEqual(inPage.asked, [[3, 'load', '', undefined, undefined]]);
  delete globalThis.document;
  const inWorker = start({ page: false });
  inWorker.means.keep(1, 'store', 'tw.1', 'record');
  assert.deepEqual([inWorker.kept, inWorker.asked], [[], [[1, 'store', 'tw.1', 'record', undefined]]]);
});

const { subtle } = globalThis.crypto;
const input = new TextEncoder().encode('header.payload');

const pair = async (parameters) => {
  const { publicKey, privateKey } = await subtle.generateKey(parameters, true, ['sign', 'verify']);
  const { kty, crv, n, e, x, y } = await subtle.exportKey('jwk', publicKey);
  const signature = new Uint8Array(await subtle.sign(parameters, privateKey, input));
  return { jwk: JSON.stringify({ kty, crv, n, e, x, y }), signature };
};

test('C01: every algorithm is what WebCrypto calls it, and the digest is by its hash', async () => {
  const rsa = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };
  const families = [];
  for (const bits of [256, 384, 512]) {
    const hash = `SHA-${bits}`;
    families.push([`RS${bits}`, { name: 'RSASSA-PKCS1-v1_5', ...rsa, hash }, hash]);
    families.push([`PS${bits}`, { name: 'RSA-PSS', ...rsa, hash, saltLength: bits / 8 }, hash]);
    if (bits < 512) families.push([`ES${bits}`, { name: 'ECDSA', namedCurve: `P-${bits}`, hash }, hash]);
  }
  families.push(['Ed25519', { name: 'Ed25519' }, 'SHA-512']);
  for (const [algorithm, parameters, hash] of families) {
    const { jwk, signature } = await pair(parameters);
    assert.deepEqual([...await verify(algorithm, `[${jwk}]`, signature, 'header.payload')], [], algorithm);
    const digest = await verify(algorithm, `[${jwk}]`, signature, 'header.payload', 'token');
    assert.deepEqual(digest, new Uint8Array(await subtle.digest(hash, new TextEncoder().encode('token'))), algorithm);
    assert.equal(await verify(algorithm, `[${jwk}]`, signature, 'header.payloae'), false, algorithm);
  }
});

test('C02 C11: keys are tried one after the other, those that cannot be read are passed over', async () => {
  const parameters = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const [mine, other] = [await pair(parameters), await pair(parameters)];
  const broken = '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}';
  const tried = (...keys) => verify('ES256', `[${keys}]`, mine.signature, 'header.payload');
  assert.ok(await tried(broken, other.jwk, mine.jwk) instanceof Uint8Array);
  assert.equal(await tried(broken, other.jwk), false);
  assert.equal(await tried(), false);
});

test('what the browser does not know is told apart from what is wrong', async (t) => {
  const unknown = new DOMException('unknown', 'NotSupportedError');
  t.mock.method(subtle, 'importKey', () => Promise.reject(unknown));
  assert.equal(await verify('Ed25519', '[{}]', new Uint8Array(64), 'header.payload'), null);
  t.mock.method(subtle, 'importKey', () => Promise.reject(new DOMException('broken', 'DataError')));
  assert.equal(await verify('Ed25519', '[{}]', new Uint8Array(64), 'header.payload'), false);
  await settled();
});
