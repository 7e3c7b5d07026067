// How to run: see support.mjs. The page at `frontchannel_logout_uri`, and the tabs that hear of it.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { channels, load, makeClient, openPage, record, settled } from './support.mjs';

const ISSUER = 'https://id.example';

beforeEach(() => {
  openPage();
  channels.length = 0;
});

let made = 0;

/** A tab of the client `name` in which somebody is signed in. */
const tab = async (name, claims, options = {}) => {
  const { client, core } = await makeClient({ issuer: ISSUER, clientId: name, leeway: (made += 1), ...options }, (core) => {
    core.answers.restore = (_args, op) => core.host.settle(op, true, undefined);
  });
  const heard = [];
  client.on('elsewhere', ({ hint }) => heard.push(hint));
  if (claims) core.host.session(record({ claims }));
  await pass();
  return { client, core, heard, looks: () => core.count('getToken') };
};

const pass = async (ms = 20) => {
  await new Promise((resolve) => { setTimeout(resolve, ms); });
  await settled();
};

const receive = async (clientId, query) => {
  const { frontChannelLogout } = await load('callback');
  const told = await frontChannelLogout({ issuer: ISSUER, clientId }, `https://app.example/out${query}`);
  await pass(300);
  return told;
};

const query = (members) => `?${new URLSearchParams(members)}`;

test('K05: who has the session asks the server, which is asked once; nobody is signed out by being told', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const mine = await tab('k05', { sub: 'ada', sid: 's1' });
  const other = await tab('k05', { sub: 'ada', sid: 's2' });
  const nobody = await tab('k05');
  const said = [];
  const spy = new BroadcastChannel(`tokenward ${ISSUER} k05`);
  spy.onmessage = ({ data }) => said.push(data);
  assert.equal(await receive('k05', query({ iss: ISSUER, sid: 's1' })), true);
  assert.deepEqual([mine.heard, other.heard, nobody.heard], [['frontchannel-logout'], [], []]);
  assert.deepEqual([mine.looks(), other.looks(), nobody.looks()], [1, 0, 0]);
  assert.deepEqual({ ...mine.core.calls.at(-1).args }, { fresh: true });
  assert.equal(mine.client.session.status, 'signed-in');
  assert.ok(!JSON.stringify(said).includes('s1') && said.length === 2, JSON.stringify(said));
  // Without iss and sid it is about whoever is signed in.
  assert.equal(await receive('k05', ''), true);
  assert.deepEqual([mine.heard.length, other.heard.length, nobody.heard.length], [2, 1, 0]);
  for (const { client } of [mine, other, nobody]) await client.dispose();
});

test('K05: wrong, half or double iss and sid are nothing, and so is another client', async () => {
  const mine = await tab('k05-wrong', { sub: 'ada', sid: 's1' });
  const plain = await tab('k05-wrong', { sub: 'ada' });
  for (const given of [
    query({ iss: ISSUER }), query({ sid: 's1' }), query({ iss: `${ISSUER}/`, sid: 's1' }), query({ iss: 'https://evil.example', sid: 's1' }),
    query({ iss: ISSUER, sid: '' }), `${query({ iss: ISSUER, sid: 's1' })}&sid=s2`, `${query({ iss: ISSUER, sid: 's1' })}&iss=x`,
  ]) {
    assert.equal(await receive('k05-wrong', given), false, given);
  }
  const timeouts = [query({ iss: ISSUER, sid: 's2' }), query({ iss: ISSUER, sid: 'undefined' })].map((given) => receive('k05-wrong', given));
  timeouts.push(receive('k05-another', query({ iss: ISSUER, sid: 's1' })));
  assert.deepEqual(await Promise.all(timeouts), [false, false, false]);
  assert.deepEqual([mine.heard, plain.heard], [[], []]);
  assert.deepEqual([mine.looks(), plain.looks()], [0, 0]);
  for (const { client } of [mine, plain]) await client.dispose();
  assert.deepEqual(channels, []);
});

test('K05: no tab, no channel: it is said that nobody heard', async () => {
  assert.equal(await receive('k05-none', query({ iss: ISSUER, sid: 's1' })), false);
  const { BroadcastChannel } = globalThis;
  delete globalThis.BroadcastChannel;
  assert.equal(await receive('k05-none', query({ iss: ISSUER, sid: 's1' })), false);
  globalThis.BroadcastChannel = BroadcastChannel;
});

test('K05: forged and flooded messages make a tab ask once', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  const mine = await tab('k05-forged', { sub: 'ada', sid: 's1' });
  const channel = new BroadcastChannel(`tokenward ${ISSUER} k05-forged`);
  for (const data of [
    { tokenward: 1, logout: 's1' }, { tokenward: 1, logout: 1 }, { tokenward: 1, logout: undefined }, { tokenward: 2, logout: null },
    { tokenward: 1, logout: null, token: 'T' }, { tokenward: 1, logout: null, hint: 'signed-out', user: '0'.repeat(64) },
    { tokenward: 1, logout: '0'.repeat(64) }, { tokenward: 1, logout: null, user: '0'.repeat(64) },
  ]) channel.postMessage(data);
  await pass(600);
  assert.deepEqual([mine.heard, mine.looks()], [[], 0]);
  for (let i = 0; i < 1000; i += 1) channel.postMessage({ tokenward: 1, logout: null });
  await pass(900);
  assert.ok(mine.heard.length >= 2 && mine.heard.length < 8, `${mine.heard.length}`);
  assert.equal(mine.looks(), 1);
  assert.equal(mine.client.session.status, 'signed-in');
  await mine.client.dispose();
});

test('K05: of tabs that share a session, who comes late does not ask again', async (t) => {
  const waits = [0, 0.2];
  t.mock.method(Math, 'random', () => waits.shift() ?? 0);
  const claims = { sub: 'ada', sid: 's1' };
  const [one, two] = [await tab('k05-sealed', claims, { persistence: 'sealed' }), await tab('k05-sealed', claims, { persistence: 'sealed' })];
  assert.equal(await receive('k05-sealed', query({ iss: ISSUER, sid: 's1' })), true);
  assert.equal(one.looks() + two.looks(), 1);
  // The renewal of the one is seen by the other.
  for (const { core } of [one, two]) core.host.session(record({ claims, expiresAt: 2000 }));
  await pass(800);
  assert.equal(one.looks() + two.looks(), 1);
  assert.deepEqual([one.heard, two.heard], [['frontchannel-logout'], ['frontchannel-logout']]);
  for (const { client } of [one, two]) await client.dispose();
});
