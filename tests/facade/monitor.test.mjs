// How to run: see support.mjs. Checks of the server's session: how often, and when they end. What a check comes to is
// the engine's business (tests/sim/scenarios/check.rs).

import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { channels, Fail, makeClient, openPage, record, settled } from './support.mjs';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

let frames;
let visibility;
let mono;
let page;
before(() => Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true }));
beforeEach((t) => {
  openPage();
  channels.length = 0;
  frames = 0;
  visibility = 'visible';
  navigator.onLine = true;
  window.frameElement = null;
  page = new EventTarget();
  globalThis.document = {
    get visibilityState() { return visibility; },
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    createElement: () => ({ setAttribute() {}, remove() {} }),
    body: {
      // The callback page hands its URL over.
      append: ({ src }) => {
        frames += 1;
        const channel = new BroadcastChannel('tokenward relay');
        channel.postMessage({ tokenward: 1, url: `https://app.example/?code=c&state=${new URL(src).searchParams.get('state')}` });
        channel.close();
      },
    },
  };
  mono = 0;
});

const flush = async () => {
  for (let i = 0; i < 30; i += 1) await settled();
};

/** Somebody signs in at a client that monitors; what a check comes to is said by `answer`. */
const watched = async (t, options = true, answer = () => undefined) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  t.mock.method(Math, 'random', () => 0.5);
  t.mock.method(performance, 'now', () => mono);
  let checks = 0;
  const at = { answer };
  const { client, core } = await makeClient({ monitorSession: options }, (core) => {
    core.answers.login = () => ({ url: `https://id.example/authorize?state=tw.f.c.${(checks += 1)}` });
    core.answers.handleRedirect = ({ url }, op) => {
      if (!url.includes('tw.f.c.')) return null;
      const given = at.answer(core);
      if (given) return given;
      return core.host.settle(op, true, undefined);
    };
  });
  const events = [];
  for (const type of ['monitoring-ended', 'session-expired', 'signed-out']) {
    client.on(type, ({ error }) => events.push([type, error?.code, error?.cause?.code]));
  }
  const pass = async (ms, step = SECOND) => {
    for (let left = ms; left > 0; left -= step) {
      mono += step;
      t.mock.timers.tick(step);
      await flush();
    }
  };
  const signIn = async () => {
    core.host.session(record());
    core.host.event('signed-in', undefined);
    await flush();
  };
  t.after(() => client.dispose());
  return { client, core, events, pass, signIn, at };
};

test('asks soon after the login, then at its interval, as a check and nothing else', async (t) => {
  const { core, events, pass, signIn } = await watched(t, { interval: 60 });
  await pass(10 * MINUTE, MINUTE);
  assert.equal(frames, 0, 'nobody is signed in');
  await signIn();
  await pass(3 * SECOND);
  assert.equal(frames, 1);
  await pass(10 * MINUTE);
  assert.ok(frames >= 10 && frames <= 12, `${frames}`);
  const logins = core.calls.filter(({ name }) => name === 'login');
  assert.deepEqual(new Set(logins.map(({ args }) => JSON.stringify(args))), new Set(['{"via":"check","prompt":"none"}']));
  assert.deepEqual(events, []);
});

test('without the option nothing is asked', async (t) => {
  const { pass, signIn } = await watched(t, false);
  await signIn();
  await pass(30 * MINUTE, MINUTE);
  assert.equal(frames, 0);
});

test('nobody looks, or no network: it waits; who comes back makes it ask, not more often than every 30 seconds', async (t) => {
  const { pass, signIn } = await watched(t);
  await signIn();
  await pass(5 * SECOND);
  assert.equal(frames, 1);
  visibility = 'hidden';
  await pass(60 * MINUTE, 10 * SECOND);
  assert.equal(frames, 1);
  visibility = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  await flush();
  assert.equal(frames, 2);
  for (let i = 0; i < 60; i += 1) {
    page.dispatchEvent(new Event('visibilitychange'));
    await pass(SECOND);
  }
  assert.ok(frames >= 3 && frames <= 4, `${frames}`);
  const seen = frames;
  navigator.onLine = false;
  await pass(20 * MINUTE, 10 * SECOND);
  assert.equal(frames, seen);
  navigator.onLine = true;
  dispatchEvent(new Event('online'));
  await flush();
  assert.equal(frames, seen + 1);
});

test('K06: a session that ends is not asked about; the next one is', async (t) => {
  const { core, events, pass, signIn, at } = await watched(t, { interval: 10 });
  await signIn();
  await pass(5 * SECOND);
  at.answer = (core) => {
    core.host.session(record({ status: 'expired', claims: null, renewal: 'ended' }));
    core.host.event('session-expired', undefined);
  };
  await pass(15 * SECOND);
  const seen = frames;
  await pass(60 * MINUTE, 10 * SECOND);
  assert.equal(frames, seen);
  assert.deepEqual(events, [['session-expired', undefined, undefined]]);
  at.answer = () => undefined;
  await signIn();
  await pass(5 * SECOND);
  assert.equal(frames, seen + 1);
  core.host.session(record({ status: 'signed-out', claims: null }));
  await pass(10 * MINUTE, 10 * SECOND);
  assert.equal(frames, seen + 1);
});

for (const [what, answer, cause] of [
  ['gets no cookies', () => new Fail('interaction_required', { oauthError: 'login_required' }), undefined],
  ['forbids frames', () => new Fail('login_timed_out', { retryable: true }), 'login_timed_out'],
  ['refuses', () => new Fail('authorization_refused'), 'authorization_refused'],
]) {
  test(`K06: a server that ${what} is asked twice, then it is said once, and the session stays`, async (t) => {
    const { client, events, pass, signIn } = await watched(t, true, answer);
    await signIn();
    await pass(3 * 60 * MINUTE, 30 * SECOND);
    assert.equal(frames, 2);
    assert.deepEqual(events, [['monitoring-ended', 'monitoring_unavailable', cause]]);
    assert.equal(client.session.status, 'signed-in');
    assert.equal(client.session.lastError, null);
    await signIn();
    await pass(5 * SECOND);
    assert.equal(frames, 3, 'another session, another try');
  });
}

test('K06: trouble makes the pauses longer, and is no reason to stop', async (t) => {
  const { events, pass, signIn, at } = await watched(t, { interval: 60 });
  await signIn();
  await pass(5 * SECOND);
  at.answer = () => new Fail('network_failed', { retryable: true });
  const started = frames;
  await pass(4 * 60 * MINUTE, 10 * SECOND);
  assert.ok(frames - started >= 6 && frames - started <= 10, `${frames - started} in four hours`);
  assert.deepEqual(events, []);
  // A page that is shown again and again does not make it faster.
  const before = frames;
  for (let i = 0; i < 100; i += 1) page.dispatchEvent(new Event('visibilitychange'));
  await flush();
  assert.equal(frames, before);
  at.answer = () => undefined;
  await pass(61 * MINUTE, 10 * SECOND);
  const seen = frames;
  await pass(5 * MINUTE);
  assert.ok(frames - seen >= 4, 'it is as it was');
});

test('K06: a server that knew the user and then says nothing is asked a few times', async (t) => {
  const { events, pass, signIn, at } = await watched(t, { interval: 60 });
  await signIn();
  await pass(5 * SECOND);
  at.answer = () => new Fail('interaction_required', { oauthError: 'consent_required' });
  await pass(24 * 60 * MINUTE, MINUTE);
  assert.equal(frames, 6);
  assert.deepEqual(events, [['monitoring-ended', 'monitoring_unavailable', undefined]]);
});

test('K06: in a frame of a page of our own nothing is asked', async (t) => {
  window.frameElement = {};
  const { pass, signIn } = await watched(t);
  await signIn();
  await pass(30 * MINUTE, MINUTE);
  assert.equal(frames, 0);
});

test('the end of the client is the end of its checks', async (t) => {
  const { client, pass, signIn } = await watched(t, { interval: 10 });
  await signIn();
  await pass(5 * SECOND);
  await client.dispose();
  const seen = frames;
  await pass(10 * MINUTE, 10 * SECOND);
  assert.equal(frames, seen);
});

test('a wrong option is named', async () => {
  for (const monitorSession of ['yes', 1, { interval: 9 }, { interval: 1e9 }, { interval: '60' }, { every: 60 }, [60]]) {
    const error = await makeClient({ monitorSession }).catch((e) => e);
    assert.deepEqual([error.code, error.path], ['option_invalid', 'monitorSession'], JSON.stringify(monitorSession));
  }
});
