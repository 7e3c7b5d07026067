// How to run: see support.mjs. What tabs with sessions of their own tell each other.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { channels, Fail, makeClient, openPage, record, settled } from './support.mjs';

beforeEach(() => {
  openPage();
  channels.length = 0;
});

let made = 0;
const ISSUER = 'https://id.example';

/** A tab of the client `name`; `spare` keeps the options of two tabs apart, which live in one realm here. */
const tab = async (name, options = {}) => {
  const { client, core } = await makeClient({ issuer: ISSUER, clientId: name, leeway: made += 1, ...options });
  const heard = [];
  client.on('elsewhere', ({ hint, session }) => heard.push([hint, session.status]));
  await pass();
  return { client, core, heard };
};

const pass = async (ms = 20) => {
  await new Promise((resolve) => { setTimeout(resolve, ms); });
  await settled();
};

const signIn = async ({ core }, sub = 'ada') => {
  core.host.session(record({ claims: { sub } }));
  core.host.event('signed-in', undefined);
  await pass(300);
};

const signOut = async ({ core }) => {
  core.host.session(record({ status: 'signed-out', claims: null }));
  core.host.event('signed-out', undefined);
  await pass(300);
};

test('others hear of logins and logouts, and keep their own session', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const [one, two, other] = [await tab('hints'), await tab('hints'), await tab('another')];
  const said = [];
  const spy = new BroadcastChannel(`tokenward ${ISSUER} hints`);
  spy.onmessage = ({ data }) => said.push(data);
  await signIn(one);
  assert.deepEqual(two.heard, [['signed-in', 'signed-out']]);
  await signIn(two);
  assert.deepEqual(one.heard, [['signed-in', 'signed-in']]);
  await signOut(one);
  assert.deepEqual(two.heard.at(-1), ['signed-out', 'signed-in']);
  assert.equal(two.client.session.status, 'signed-in');
  assert.deepEqual(two.core.calls.filter(({ name }) => name === 'getToken').map(({ args }) => ({ ...args })), [{ fresh: true }]);
  await signIn(one, 'bob');
  assert.deepEqual(two.heard.at(-1), ['other-user', 'signed-in']);
  assert.deepEqual(other.heard, []);
  for (const message of said) {
    assert.deepEqual(Object.keys(message).sort(), ['hint', 'tokenward', 'user']);
    assert.match(message.user, /^[0-9a-f]{64}$/);
  }
  assert.equal(said.length, 4);
  for (const { client } of [one, two, other]) await client.dispose();
  await pass();
  assert.deepEqual(channels, [spy]);
});

test('a tab that asked not long ago asks again when the pause is over', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const one = await tab('later');
  await signIn(one);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const tick = async (ms) => {
    for (let left = ms; left > 0; left -= 500) {
      now += 500;
      t.mock.timers.tick(500);
      for (let i = 0; i < 10; i += 1) await settled();
    }
  };
  const page = new BroadcastChannel(`tokenward ${ISSUER} later`);
  for (let i = 0; i < 2; i += 1) {
    page.postMessage({ tokenward: 1, logout: null });
    await tick(2000);
  }
  assert.equal(one.core.count('getToken'), 1);
  await tick(28_000);
  assert.equal(one.core.count('getToken'), 2);
  await tick(120_000);
  assert.equal(one.core.count('getToken'), 2);
  await one.client.dispose();
});

test('J05: forged and flooded hints cause one look at the own truth, and end nothing', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const one = await tab('forged');
  const said = [];
  const channel = new BroadcastChannel(`tokenward ${ISSUER} forged`);
  channel.onmessage = ({ data }) => said.push(data);
  await signIn(one);
  const { user } = said[0];
  one.core.answers.getToken = () => new Fail('network_failed');
  for (const data of [
    null, 1, 'signed-out', [], {}, { tokenward: 1 }, { tokenward: 2, hint: 'signed-out', user }, { tokenward: 1, hint: 'x', user },
    { tokenward: 1, hint: 'signed-out' }, { tokenward: 1, hint: 'signed-out', user: 'x' }, { tokenward: 1, hint: 'changed' },
    { tokenward: 1, hint: 'signed-out', user, token: 'T' }, { tokenward: 1, hint: 'new-token', user, token: 'T' },
  ]) channel.postMessage(data);
  await pass(300);
  assert.deepEqual(one.heard, []);
  // Of somebody else: told, and no reason to ask the server.
  channel.postMessage({ tokenward: 1, hint: 'signed-out', user: '0'.repeat(64) });
  await pass(300);
  assert.equal(one.core.count('getToken'), 0);
  for (let i = 0; i < 1000; i += 1) channel.postMessage({ tokenward: 1, hint: 'signed-out', user });
  await pass(900);
  assert.ok(one.heard.length >= 2 && one.heard.length < 8, `${one.heard.length}`);
  assert.equal(one.core.count('getToken'), 1);
  assert.equal(one.client.session.status, 'signed-in');
  await one.client.dispose();
});

test('nobody is told where the tabs share one session', async () => {
  const one = await makeClient({ clientId: 'shared', issuer: ISSUER, persistence: 'sealed' }, (core) => {
    core.answers.restore = (_args, op) => core.host.settle(op, true, undefined);
  });
  const said = [];
  const spy = new BroadcastChannel(`tokenward ${ISSUER} shared`);
  spy.onmessage = ({ data }) => said.push(data);
  await signIn(one);
  await signOut(one);
  assert.deepEqual(said, []);
  await one.client.dispose();
  assert.deepEqual(channels, [spy]);
});

test('a client that is disposed of while what hears is being loaded hears nothing more', async () => {
  const one = await tab('late');
  await signIn(one);
  const [own] = channels;
  own.onmessage({ data: { tokenward: 1, logout: null } });
  await one.client.dispose();
  await pass(600);
  assert.deepEqual(one.heard, []);
  assert.deepEqual(channels, []);
});

test('a page that may have no channel does without', async (t) => {
  const { BroadcastChannel } = globalThis;
  t.after(() => {
    globalThis.BroadcastChannel = BroadcastChannel;
  });
  globalThis.BroadcastChannel = class {
    constructor() {
      throw new DOMException('refused', 'SecurityError');
    }
  };
  const one = await tab('without');
  await signIn(one);
  await signOut(one);
  assert.equal(one.client.session.status, 'signed-out');
  await one.client.dispose();
});
