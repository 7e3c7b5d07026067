// How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { makeClient, openPage, record, settled, trouble } from './support.mjs';

beforeEach(() => void openPage());

test('a snapshot is frozen to the ground and changes its identity only with its content', async () => {
  const { client, core } = await makeClient();
  core.host.session(record());
  const first = client.session;
  assert.ok(Object.isFrozen(first) && Object.isFrozen(first.claims) && Object.isFrozen(first.claims.address));
  core.host.session(record());
  assert.equal(client.session, first);
  core.host.session(record({ expiresAt: 2000 }));
  assert.notEqual(client.session, first);
  assert.equal(client.session.claims, first.claims);
  const lastError = trouble('network_failed');
  core.host.session(record({ lastError }));
  const { lastError: error } = client.session;
  core.host.session(record({ lastError, expiresAt: 3000 }));
  assert.equal(client.session.lastError, error);
  assert.equal(error.code, 'network_failed');
});

test('listeners run after the engine has returned, once for changes in a row', async () => {
  const { client, core } = await makeClient();
  const heard = [];
  client.subscribe((session) => heard.push(session.expiresAt));
  core.host.session(record({ expiresAt: 1 }));
  core.host.session(record({ expiresAt: 2 }));
  assert.deepEqual(heard, []);
  assert.equal(client.session.expiresAt, 2);
  await settled();
  assert.deepEqual(heard, [2]);
});

test('events carry the session and the error', async () => {
  const { client, core } = await makeClient();
  const heard = [];
  const stop = client.on('renewal-failed', (event) => heard.push(event));
  client.on('renewed', () => assert.fail('not this one'));
  core.host.event('renewal-failed', trouble('timed_out', { retryable: true }));
  await settled();
  assert.equal(heard[0].type, 'renewal-failed');
  assert.equal(heard[0].error.code, 'timed_out');
  assert.equal(heard[0].error.retryable, true);
  assert.equal(heard[0].session, client.session);
  stop();
  core.host.event('renewal-failed', undefined);
  await settled();
  assert.equal(heard.length, 1);
});

test('a listener that throws, leaves or joins during the call harms nobody', async (t) => {
  const { client, core } = await makeClient();
  const uncaught = [];
  const keep = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => uncaught.push(error.message));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of keep) process.on('uncaughtException', listener);
  });
  const heard = [];
  client.subscribe(() => {
    throw new Error('mine');
  });
  const stopFirst = client.subscribe(() => {
    heard.push('first');
    stopFirst();
    stopLast();
    client.subscribe(() => heard.push('new'));
  });
  const same = () => heard.push('same');
  client.subscribe(same);
  const stopSame = client.subscribe(same);
  const stopLast = client.subscribe(() => heard.push('last'));
  core.host.session(record());
  await settled();
  assert.deepEqual(heard, ['first', 'same', 'same']);
  assert.deepEqual(uncaught, ['mine']);
  stopSame();
  core.host.session(record({ scope: 'other' }));
  await settled();
  assert.deepEqual(heard.slice(3), ['same', 'new']);
  assert.equal(client.session.scope, 'other');
});

test('a listener may call the client', async () => {
  const { client, core } = await makeClient();
  core.answers.getToken = () => ({ token: 'T', serial: 1 });
  const tokens = [];
  client.subscribe(async () => tokens.push(await client.getToken()));
  core.host.session(record());
  await settled();
  assert.deepEqual(tokens, ['T']);
});
