// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { codeOf, makeClient, openPage, settled } from './support.mjs';

beforeEach(() => {
  openPage();
  mock.restoreAll();
});

const ready = async (options) => {
  const made = await makeClient(options);
  made.core.answers.getToken = () => ({ token: 'ENGINE', serial: 9 });
  return made;
};

test('a live token does not enter the engine', async () => {
  const { client, core } = await ready();
  core.giveToken();
  assert.equal(await client.getToken(), 'T1');
  assert.equal(await client.getToken({}), 'T1');
  assert.equal(await client.getToken({ minValidity: 60, signal: new AbortController().signal }), 'T1');
  assert.equal(core.count('getToken'), 0);
});

test('without a live token the engine is asked', async () => {
  const { client, core } = await ready();
  assert.equal(await client.getToken(), 'ENGINE');
  core.giveToken('T1', 1, NaN);
  assert.equal(await client.getToken(), 'ENGINE');
  core.giveToken('T1', 1, 0);
  assert.equal(await client.getToken(), 'ENGINE');
  core.host.token(undefined, 2, 3_600_000, Date.now(), performance.now());
  assert.equal(await client.getToken(), 'ENGINE');
});

test('options that change the token go to the engine as they are', async () => {
  const { client, core } = await ready();
  core.giveToken();
  for (const options of [{ fresh: true }, { scope: 'a' }, { resource: ['r'] }, { minValidity: -1 }, { minValidty: 5 }]) {
    assert.equal(await client.getToken(options), 'ENGINE');
    assert.deepEqual({ ...core.calls.at(-1).args }, options);
  }
});

test('minValidity counts, at most half the life', async () => {
  const { client, core } = await ready();
  core.giveToken('T1', 1, 20_000);
  assert.equal(await client.getToken({ minValidity: 3600 }), 'T1');
  const start = Date.now();
  mock.method(Date, 'now', () => start + 10_500);
  assert.equal(await client.getToken({ minValidity: 3600 }), 'ENGINE');
  assert.equal(await client.getToken({ minValidity: 5 }), 'T1');
  assert.equal(await client.getToken(), 'ENGINE');
});

test('the client has a minValidity of its own', async () => {
  const { client, core } = await ready({ minValidity: 1800 });
  core.giveToken('T1', 1, 3_600_000);
  const start = performance.now();
  mock.method(performance, 'now', () => start + 1_900_000);
  assert.equal(await client.getToken(), 'ENGINE');
  assert.equal(await client.getToken({ minValidity: 10 }), 'T1');
});

test('a token expires on whichever clock says so first', async () => {
  const { client, core } = await ready();
  core.giveToken();
  const [wall, mono] = [Date.now(), performance.now()];
  mock.method(Date, 'now', () => wall - 10 * 3_600_000);
  for (let i = 0; i < 5; i++) assert.equal(await client.getToken(), 'T1');
  await settled();
  mock.method(performance, 'now', () => mono + 3_595_000);
  assert.equal(await client.getToken(), 'ENGINE');
  mock.restoreAll();
  mock.method(Date, 'now', () => wall + 3_595_000);
  assert.equal(await client.getToken(), 'ENGINE');
});

test('many callers in one task read the clocks twice at most', async () => {
  const { client, core } = await ready();
  core.giveToken();
  const now = Date.now();
  const date = mock.method(Date, 'now', () => now);
  const all = await Promise.all(Array.from({ length: 1000 }, () => client.getToken()));
  assert.ok(all.every((token) => token === 'T1'));
  assert.equal(date.mock.callCount(), 2);
  await settled();
  await client.getToken();
  assert.equal(date.mock.callCount(), 3);
  core.giveToken('T2', 2);
  assert.equal(await client.getToken(), 'T2');
  core.host.token(undefined, 3, NaN, 0, 0);
  assert.equal(await client.getToken(), 'ENGINE');
});

test('an abort gives up one waiter and takes its signal along nowhere', async () => {
  const { client, core } = await makeClient();
  const controller = new AbortController();
  const [one, two] = [client.getToken({ signal: controller.signal }), client.getToken()];
  const calls = core.calls.filter((call) => call.name === 'getToken');
  assert.ok(calls.every((call) => !call.args?.signal));
  const reason = new Error('changed my mind');
  controller.abort(reason);
  const error = await one.catch((e) => e);
  assert.equal(error.code, 'aborted');
  assert.equal(error.cause, reason);
  assert.deepEqual(core.cancelled, [calls[0].op]);
  core.host.settle(calls[1].op, true, { token: 'T2', serial: 2 });
  assert.equal(await two, 'T2');
});

test('a signal that was aborted before starts nothing', async () => {
  const { client, core } = await makeClient();
  core.giveToken();
  assert.equal(await codeOf(client.getToken({ signal: AbortSignal.abort('text') })), 'aborted');
  assert.equal(core.count('getToken'), 0);
});

test('an operation settles once, and no listener stays on the signal', async () => {
  const { client, core } = await makeClient();
  const { signal } = new AbortController();
  const removed = mock.method(signal, 'removeEventListener');
  const token = client.getToken({ signal, fresh: true });
  const { op } = core.calls.at(-1);
  core.host.settle(op, true, { token: 'T2', serial: 2 });
  core.host.settle(op, false, {});
  core.host.settle(999, true, {});
  assert.equal(await token, 'T2');
  assert.equal(removed.mock.callCount(), 1);
});
