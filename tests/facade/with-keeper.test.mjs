// How to run: see support.mjs. The wiring of the keeper; what it keeps is proven end to end.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { channels, codeOf, Fail, load, makeClient, openPage, settled } from './support.mjs';

beforeEach(() => {
  openPage('https://app.example/?code=c&state=tw.s');
  channels.length = 0;
});

let made = 0;
const sealed = (prepare = () => {}) =>
  makeClient({ persistence: 'sealed', issuer: 'https://id.example', clientId: `sealed-${made += 1}` }, (core) => {
    core.answered = [];
    core.kept = (...answer) => core.answered.push(answer);
    core.answers.restore = (_args, op) => core.host.settle(op, true, undefined);
    prepare(core);
  });

test('what is kept is restored before the page is looked at', async () => {
  const { core } = await sealed();
  assert.deepEqual(core.calls.map(({ name }) => name), ['restore', 'handleRedirect']);
  const memory = await makeClient();
  assert.equal(memory.core.count('restore'), 0);
  assert.deepEqual(channels.map(({ name }) => name), [`tokenward https://id.example sealed-${made}`]);
});

test('a restore that fails is no reason to have no client', async () => {
  const { client } = await sealed((core) => {
    core.answers.restore = () => new Fail('network_failed');
  });
  assert.equal(client.session.lastError, null);
});

test('each job is answered once, an unlock never; without storage it is a failure', async () => {
  const { core } = await sealed();
  core.host.keep(1, 'load', '', undefined, undefined);
  core.host.keep(2, 'save', '', 'text', undefined);
  core.host.keep(3, 'remove', '', undefined, undefined);
  core.host.keep(4, 'lock', '', undefined, undefined);
  core.host.keep(5, 'unlock', '', undefined, undefined);
  core.host.keep(6, 'something else', '', undefined, undefined);
  for (let i = 0; i < 20; i += 1) await settled();
  assert.deepEqual(core.answered.sort(), [1, 2, 3, 4, 6].map((job) => [job, 'failed', undefined, undefined]));
});

test('a hint of another tab reaches the engine; after dispose none does', async () => {
  const { client, core } = await sealed();
  let hints = 0;
  core.hint = () => { hints += 1; };
  const [own] = channels;
  const other = new BroadcastChannel(own.name);
  other.postMessage({ tokenward: 1, hint: 'changed' });
  await settled();
  await settled();
  assert.equal(hints, 1);
  await client.dispose();
  assert.deepEqual(channels, [other]);
});

test('an engine that panics over an answer or a hint is told of', async () => {
  const { client, core } = await sealed();
  core.kept = () => { throw new WebAssembly.RuntimeError('unreachable'); };
  core.host.keep(1, 'load', '', undefined, undefined);
  assert.equal(await codeOf(client.userinfo()), 'engine_failed');
  const { isAuthError } = await load('errors');
  assert.ok(isAuthError(client.session.lastError));
});
