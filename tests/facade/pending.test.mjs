// How to run: see support.mjs. Several clients in one page.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { makeClient, openPage, record } from './support.mjs';

const PAGE = 'https://app.example/';
const answer = (state) => `${PAGE}?code=c&state=${state}`;

beforeEach(() => {
  openPage();
  globalThis.sessionStorage = {};
});
afterEach(() => { delete globalThis.sessionStorage; });

/** A login of a client that is pending. */
const begun = (issuer, clientId, state) => {
  sessionStorage[`tokenward.login.${issuer} ${clientId}.${state}`] = '{}';
};

const taking = (core) => {
  core.answers.handleRedirect = () => {
    core.host.session(record());
    return { returnTo: null };
  };
};

const client = (issuer, clientId, more = {}) =>
  makeClient({ issuer, clientId, handleRedirect: false, ...more }, taking);

test('A09: an answer goes to the client whose login it is, by its state', async () => {
  const [a, b, c] = [
    await client('https://a.example', 'spa'), await client('https://b.example', 'spa'), await client('https://a.example', 'spa.2'),
  ];
  begun('https://a.example', 'spa', 'tw.1');
  begun('https://b.example', 'spa', 'tw.2');
  begun('https://a.example', 'spa.2', 'tw.3');
  for (const [state, mine] of [['tw.1', a], ['tw.2', b], ['tw.3', c]]) {
    for (const { client, core } of [a, b, c]) {
      const before = core.count('handleRedirect');
      const result = await client.handleRedirect(answer(state));
      assert.equal(result !== null, core === mine.core);
      assert.equal(core.count('handleRedirect') - before, core === mine.core ? 1 : 0);
    }
  }
});

test('A09: createClient leaves the answer of another client, and its place in the address, alone', async () => {
  begun('https://a.example', 'first', 'tw.1');
  const page = openPage(answer('tw.1'));
  const other = await client('https://b.example', 'second', { handleRedirect: true });
  assert.deepEqual([other.core.count('handleRedirect'), other.client.session.lastError], [0, null]);
  assert.equal(location.href, answer('tw.1'));
  assert.deepEqual(page.shown, []);
  const mine = await client('https://a.example', 'first', { handleRedirect: true });
  assert.equal(mine.client.session.status, 'signed-in');
});

test('what belongs to nobody, or cannot be read, is the business of whoever is asked', async () => {
  const { client: mine, core } = await client('https://a.example', 'nobody');
  sessionStorage['tokenward.login.https://b.example x.tw.99'] = '{}';
  sessionStorage['somebody.tw.8'] = '{}';
  for (const url of [answer('tw.7'), answer('tw.8'), answer('tw.9'), PAGE]) await mine.handleRedirect(url);
  delete globalThis.sessionStorage;
  await mine.handleRedirect(answer('tw.6'));
  assert.equal(core.count('handleRedirect'), 5);
});
