// Step-up (RFC 9470): at most one login for each call, and only with the app's consent. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { codeOf, load, makeClient, openPage, settled } from './support.mjs';

const api = 'https://api.example/v1';
const CHALLENGE = 'Bearer error="insufficient_user_authentication", acr_values="gold silver", max_age=60';
const refused = () => new Response('', { status: 401, headers: { 'WWW-Authenticate': CHALLENGE } });

let page;
beforeEach(() => {
  page = openPage();
});

/** `auth.fetch` of `steppingUp` alone, with an API that answers as told and a login that notes what it is asked. */
const alone = async (consent, { answers = [refused(), new Response('ok')], found, login = async () => {} } = {}) => {
  const { steppingUp } = await load('step-up');
  const seen = { sent: [], logins: [], told: [] };
  const fetch = steppingUp({
    send: async (input, init) => {
      seen.sent.push(await new Request(input, { ...init, ...(init?.body instanceof ReadableStream && { duplex: 'half' }) }).text());
      return answers.shift() ?? refused();
    },
    read: async () => (found === undefined ? { acrValues: 'gold silver', maxAge: 60, scope: null, met: false } : found),
    login: async (args) => {
      seen.logins.push(args);
      await login(args);
    },
    tell: (needed) => seen.told.push(needed),
    consent,
  });
  return { fetch, seen };
};

test('K08: with consent: one login for what is asked, one retry with the whole body', async () => {
  const { fetch, seen } = await alone(() => ({ mode: 'popup' }));
  const request = new Request(api, { method: 'POST', body: 'whole' });
  assert.equal(await (await fetch(request)).text(), 'ok');
  assert.deepEqual(seen.sent, ['whole', 'whole']);
  assert.deepEqual(seen.logins, [{ mode: 'popup', requiredAcr: ['gold', 'silver'], maxAge: 60 }]);
  assert.deepEqual(seen.told, [{ url: '', acrValues: ['gold', 'silver'], maxAge: 60, scope: null }]);
  assert.ok(Object.isFrozen(seen.told[0]) && Object.isFrozen(seen.told[0].acrValues));
});

test('K08: an API that asks again and again: one login for the call, and its answer is the result', async () => {
  const { fetch, seen } = await alone(() => ({ mode: 'popup' }), { answers: [] });
  assert.equal((await fetch(api)).status, 401);
  assert.equal(seen.sent.length, 2);
  assert.equal(seen.logins.length, 1);
});

test('K08: ten requests at once ask the user once', async () => {
  let asked = 0;
  const answers = Array.from({ length: 10 }, refused).concat(Array.from({ length: 10 }, () => new Response('ok')));
  const consent = async () => {
    asked += 1;
    await settled();
    return { mode: 'popup' };
  };
  const { fetch, seen } = await alone(consent, { answers });
  const responses = await Promise.all(Array.from({ length: 10 }, () => fetch(api)));
  assert.ok(responses.every(({ status }) => status === 200));
  assert.deepEqual([asked, seen.logins.length, seen.sent.length], [1, 1, 20]);
});

test('K08: without consent, for what was brought already, or for nothing that can be read, the 401 is the result', async () => {
  for (const [consent, found] of [
    [() => false],
    [() => null],
    [async () => undefined],
    ['event'],
    [() => ({}), { acrValues: 'gold', maxAge: null, scope: null, met: true }],
    [() => ({}), null],
  ]) {
    const { fetch, seen } = await alone(consent, { found });
    assert.equal((await fetch(api)).status, 401);
    assert.equal(seen.logins.length, 0);
    assert.equal(seen.sent.length, 1);
    assert.equal(seen.told.length, found === null ? 0 : 1);
  }
});

test('a login that fails is the result, and the next call asks anew', async () => {
  const { failure } = await load('errors');
  let fails = true;
  const login = async () => {
    if (fails) throw failure('popup_blocked');
  };
  const answers = [refused(), refused(), new Response('ok')];
  const { fetch, seen } = await alone(() => ({ mode: 'popup' }), { login, answers });
  assert.equal(await codeOf(fetch(api)), 'popup_blocked');
  fails = false;
  assert.equal((await fetch(api)).status, 200);
  assert.equal(seen.logins.length, 2);
});

test('a stream is not sent again: the next call has the new token', async () => {
  const { fetch, seen } = await alone(() => ({ mode: 'popup' }));
  const body = new Blob(['x']).stream();
  assert.equal((await fetch(api, { method: 'POST', body, duplex: 'half' })).status, 401);
  assert.deepEqual([seen.sent.length, seen.logins.length], [1, 1]);
});

const serve = (...answers) => {
  const sent = [];
  globalThis.fetch = async (request) => {
    sent.push(request.url);
    return answers.shift() ?? new Response('ok');
  };
  return sent;
};

test('K08: a client refreshes nothing for it, tells the event, and begins the login that the function wants', async () => {
  const events = [];
  const asked = [];
  const { client, core } = await makeClient({
    apis: [api],
    onStepUp: (needed) => {
      asked.push(needed);
      return { returnTo: '/pay' };
    },
  });
  client.on('step-up-needed', (event) => events.push(event));
  core.giveToken();
  core.answers.stepUp = ({ challenge }) => (challenge === CHALLENGE ? { acrValues: 'gold', maxAge: null, scope: 'openid pay', met: false } : null);
  core.answers.login = () => ({ url: 'https://id.example/authorize' });
  serve(refused());
  void client.fetch(`${api}/pay`).catch(() => {});
  for (let turn = 0; turn < 20 && !page.visited.length; turn += 1) await settled();
  assert.deepEqual(page.visited, ['https://id.example/authorize']);
  const login = core.calls.find(({ name }) => name === 'login');
  assert.deepEqual({ ...login.args }, { requiredAcr: ['gold'], returnTo: '/pay', scope: 'openid pay' });
  assert.equal(core.count('getToken'), 0, 'no refresh');
  assert.equal(asked.length, 1);
  assert.equal(events[0].type, 'step-up-needed');
  assert.equal(events[0].stepUp, asked[0]);
  assert.equal(core.options.engine, 'whole', 'the lean engine reads no challenges');
  assert.equal('onStepUp' in core.options, false);
});

test('K08: without the option nothing is asked of the engine, nor is the token renewed', async () => {
  const { client, core } = await makeClient({ apis: [api] });
  core.giveToken();
  const sent = serve(refused());
  assert.equal((await client.fetch(`${api}/pay`)).status, 401);
  assert.equal(sent.length, 1);
  assert.deepEqual([core.count('stepUp'), core.count('getToken')], [0, 0]);
});

test('onStepUp is a function or a word', async () => {
  for (const onStepUp of [true, 'login', {}, null, 7]) {
    assert.equal(await codeOf(makeClient({ onStepUp })), 'option_invalid', String(onStepUp));
  }
});
