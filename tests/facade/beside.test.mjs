// How to run: see support.mjs. Logins in popups and frames.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { channels, codeOf, Fail, load, makeClient, openPage, record, settled } from './support.mjs';

const STATE = 'tw.p.abc';
const AUTHORIZE = `https://id.example/authorize?state=${STATE}`;
const ANSWER = `https://app.example/?code=c&state=${STATE}`;

/** Channels on which answers are waited for. */
const relays = () => channels.filter(({ name }) => name === 'tokenward relay').length;

let page;
let popups;
let frames;
beforeEach(() => {
  page = openPage();
  channels.length = 0;
  popups = [];
  frames = [];
  globalThis.open = (...given) => {
    const popup = {
      given,
      shown: [],
      closed: 0,
      location: { replace: (url) => popup.shown.push(url) },
      close: () => { popup.closed += 1; },
    };
    popups.push(popup);
    return popup;
  };
  globalThis.document = {
    createElement: (name) => {
      const frame = { name, attributes: {}, removed: 0, setAttribute: (key, value) => { frame.attributes[key] = value; } };
      frame.remove = () => { frame.removed += 1; };
      frames.push(frame);
      return frame;
    },
    body: { append: (frame) => { frame.shown = true; } },
  };
});

const signingIn = (core) => {
  core.answers.login = () => ({ url: AUTHORIZE });
  core.answers.handleRedirect = ({ url }) => {
    if (url !== ANSWER) return null;
    core.host.session(record());
    return { returnTo: null };
  };
};

/** The callback page says something; gives what is answered. */
const say = async (data) => {
  const channel = new BroadcastChannel('tokenward relay');
  const heard = [];
  channel.onmessage = (event) => heard.push(event.data);
  channel.postMessage(data);
  for (let i = 0; i < 5; i += 1) await settled();
  channel.close();
  return heard;
};

test('popup: opened at once, sent to the server, closed when the user is signed in', async () => {
  const { client, core } = await makeClient({}, signingIn);
  const login = client.login({ mode: 'popup', prompt: 'login', claims: { id_token: {} } });
  assert.equal(popups.length, 1, 'before anything is awaited');
  assert.equal(core.count('login'), 0);
  while (!popups[0].shown.length) await settled();
  const [{ args }] = core.calls.filter(({ name }) => name === 'login');
  assert.deepEqual({ ...args }, { via: 'popup', prompt: 'login', claims: '{"id_token":{}}' });
  assert.deepEqual(popups[0].shown, [AUTHORIZE]);
  assert.deepEqual(await say({ tokenward: 1, url: ANSWER }), [{ tokenward: 1, taken: STATE }]);
  assert.equal((await login), client.session);
  assert.equal(client.session.status, 'signed-in');
  assert.equal(popups[0].closed, 1);
  assert.equal(relays(), 0);
  assert.deepEqual(page.visited, []);
});

test('J02: what is not the answer is not taken, and the login goes on', async () => {
  const { client, core } = await makeClient({}, signingIn);
  const login = client.login({ mode: 'popup' });
  while (!popups[0].shown.length) await settled();
  for (const data of [
    null, 1, ANSWER, [], {}, { url: ANSWER }, { tokenward: 2, url: ANSWER }, { tokenward: 1 }, { tokenward: 1, url: [ANSWER] },
    { tokenward: 1, url: 'not a url' },
    { tokenward: 1, url: 'https://app.example/?code=c&state=tw.p.other' },
    { tokenward: 1, url: `https://evil.example/?code=c&state=${STATE}` },
    { tokenward: 1, url: `https://app.example/#access_token=t&state=${STATE}` },
    { tokenward: 1, url: `${ANSWER}&x=${'x'.repeat(1 << 18)}` },
    { tokenward: 1, taken: STATE },
  ]) {
    assert.deepEqual(await say(data), [], JSON.stringify(data)?.slice(0, 80));
  }
  assert.equal(core.calls.filter(({ args }) => args?.url && args.url !== 'https://app.example/').length, 0);
  await say({ tokenward: 1, url: ANSWER });
  await login;
});

test('J03: a popup that looks closed is waited for', async () => {
  const { client } = await makeClient({}, signingIn);
  const login = client.login({ mode: 'popup' });
  while (!popups[0].shown.length) await settled();
  Object.defineProperty(popups[0], 'closed', { get: () => true, set() {} });
  popups[0].close = () => {};
  for (let i = 0; i < 20; i += 1) await settled();
  await say({ tokenward: 1, url: ANSWER });
  assert.equal((await login).status, 'signed-in');
});

test('J04: blocked, given up, too late, refused: each has its code, and nothing is left open', async () => {
  const { client, core } = await makeClient({}, signingIn);
  const { open } = globalThis;
  globalThis.open = () => null;
  assert.equal(await codeOf(client.login({ mode: 'popup' })), 'popup_blocked');
  assert.equal(core.count('login'), 0);
  globalThis.open = open;

  const gone = new AbortController();
  const aborted = client.login({ mode: 'popup', signal: gone.signal }).catch((error) => error);
  while (!popups.at(-1).shown.length) await settled();
  gone.abort('enough');
  const error = await aborted;
  assert.equal(error.code, 'aborted');
  assert.equal(error.cause, 'enough');

  assert.equal(await codeOf(client.login({ mode: 'popup', timeout: 0.05 })), 'login_timed_out');
  for (const timeout of [0, -1, NaN, 'x', 1e9]) {
    const { code, path } = await client.login({ mode: 'popup', timeout }).catch((e) => e);
    assert.deepEqual([code, path], ['option_invalid', 'login.timeout']);
  }
  assert.equal((await client.login({ mode: 'window' }).catch((e) => e)).path, 'login.mode');

  core.answers.handleRedirect = () => new Fail('authorization_refused', { oauthError: 'access_denied' });
  const refused = client.login({ mode: 'popup' }).catch((e) => e);
  while (!popups.at(-1).shown.length) await settled();
  await say({ tokenward: 1, url: ANSWER });
  assert.equal((await refused).oauthError, 'access_denied');

  core.answers.login = () => new Fail('network_failed', { retryable: true });
  assert.equal(await codeOf(client.login({ mode: 'popup' })), 'network_failed');
  assert.deepEqual(popups.map(({ closed }) => closed), popups.map(() => 1));
  assert.equal(relays(), 0);
});

test('a second popup, a logout and dispose end the one that is open', async () => {
  const { client, core } = await makeClient({}, signingIn);
  const shown = async () => {
    const login = codeOf(client.login({ mode: 'popup' }));
    while (!popups.at(-1).shown.length) await settled();
    return login;
  };
  core.answers.logout = () => ({ url: null });
  let code;
  const begin = () => {
    code = undefined;
    const made = popups.length;
    shown().then((c) => { code = c; });
    return (async () => { while (!popups[made]?.shown.length) await settled(); })();
  };
  await begin();
  const first = popups.at(-1);
  const second = client.login({ mode: 'popup' });
  second.catch(() => {});
  while (code === undefined) await settled();
  assert.equal(code, 'aborted');
  assert.equal(first.closed, 1);
  await client.logout();
  assert.equal(await codeOf(second), 'aborted');
  const last = client.login({ mode: 'popup' });
  last.catch(() => {});
  while (!popups.at(-1).shown.length) await settled();
  await client.dispose();
  assert.equal(await codeOf(last), 'client_disposed');
  assert.equal(relays(), 0);
});

test('silently: a hidden frame that is gone afterwards, once for two who ask', async () => {
  const { client, core } = await makeClient({}, signingIn);
  const asked = [client.loginSilently({ loginHint: 'ada' }), client.loginSilently({ loginHint: 'ada' })];
  while (!frames[0]?.shown) await settled();
  const [{ args }] = core.calls.filter(({ name }) => name === 'login');
  assert.deepEqual({ ...args }, { via: 'frame', prompt: 'none', loginHint: 'ada' });
  assert.equal(frames[0].src, AUTHORIZE);
  assert.equal(frames[0].hidden, true);
  assert.ok(!frames[0].attributes.sandbox.includes('top-navigation'));
  await say({ tokenward: 1, url: ANSWER });
  for (const session of await Promise.all(asked)) assert.equal(session, client.session);
  assert.equal(core.count('login'), 1);
  assert.deepEqual(frames.map(({ removed }) => removed), [1]);
  assert.equal(relays(), 0);
});

test('silently: null when the user is needed; other failures are errors; nothing is left', async () => {
  const { client, core } = await makeClient({}, signingIn);
  core.host.session(record());
  const before = client.session;
  core.answers.handleRedirect = () => new Fail('interaction_required', { oauthError: 'login_required' });
  const asked = client.loginSilently();
  while (!frames.at(-1)?.shown) await settled();
  await say({ tokenward: 1, url: ANSWER });
  assert.equal(await asked, null);
  assert.equal(client.session, before);
  assert.equal(await codeOf(client.loginSilently({ timeout: 0.05 })), 'login_timed_out');
  assert.equal(await codeOf(client.loginSilently({ timeout: 0.05 })), 'login_timed_out');
  core.answers.login = () => new Fail('timed_out');
  assert.equal(await codeOf(client.loginSilently()), 'timed_out');
  assert.equal((await client.loginSilently({ mode: 'popup' }).catch((e) => e)).path, 'login.mode');
  const gone = AbortSignal.abort();
  assert.equal(await codeOf(client.loginSilently({ signal: gone })), 'aborted');
  assert.equal(client.session, before);
  assert.deepEqual([...new Set(frames.map(({ removed }) => removed))], [1]);
  assert.equal(relays(), 0);
});

test('silently by redirect: the page is left with prompt=none', async () => {
  const { client, core } = await makeClient({}, signingIn);
  client.loginSilently({ mode: 'redirect', returnTo: '/here' }).catch(() => {});
  await settled();
  assert.deepEqual(page.visited, [AUTHORIZE]);
  assert.deepEqual({ ...core.calls.at(-1).args }, { via: 'quiet', prompt: 'none', returnTo: '/here' });
});

test('the callback page hands its URL over and closes', async () => {
  for (const mark of ['p', 'f']) {
    const state = `tw.${mark}.x`;
    page = openPage(`https://app.example/cb?code=c&state=${state}`);
    let closed = 0;
    globalThis.close = () => { closed += 1; };
    const waiting = new BroadcastChannel('tokenward relay');
    const heard = [];
    waiting.onmessage = ({ data }) => {
      heard.push(data);
      waiting.postMessage({ tokenward: 1, taken: 'tw.p.another' });
      waiting.postMessage({ tokenward: 1, taken: state });
    };
    // The window could not be closed: the app goes on, without the code.
    const { core } = await makeClient();
    assert.deepEqual(heard, [{ tokenward: 1, url: `https://app.example/cb?code=c&state=${state}` }]);
    assert.equal(closed, 1);
    assert.equal(core.calls[0].args.url, 'https://app.example/cb');
    waiting.close();
  }
});

test('nobody waits for the callback page: it is an ordinary one', async () => {
  page = openPage(`https://app.example/?code=c&state=${STATE}`);
  let closed = 0;
  globalThis.close = () => { closed += 1; };
  const started = performance.now();
  const { core } = await makeClient();
  assert.ok(performance.now() - started > 1500);
  assert.equal(core.calls[0].args.url, ANSWER);
  assert.equal(closed, 0);
});

test('an ordinary callback does not wait for anybody', async () => {
  page = openPage('https://app.example/?code=c&state=tw.abc');
  const asked = [];
  const waiting = new BroadcastChannel('tokenward relay');
  waiting.onmessage = ({ data }) => asked.push(data);
  await makeClient();
  await settled();
  assert.deepEqual(asked, []);
  waiting.close();
});

test('K07: a login that the provider begins: of this issuer, as data, not in a frame', async () => {
  const { initiatedLogin } = await load('callback');
  const issuer = 'https://id.example';
  const at = (query) => initiatedLogin(issuer, `https://app.example/start?${query}`);
  const iss = `iss=${encodeURIComponent(issuer)}`;
  assert.deepEqual(at(iss), {});
  assert.deepEqual(at(`${iss}&login_hint=%3Cb%3E&target_link_uri=https%3A%2F%2Fevil.example`), {
    loginHint: '<b>',
    returnTo: 'https://evil.example',
  });
  for (const query of ['', 'iss=https://evil.example', `${iss}/`, `${iss}&${iss}`, `${iss}&code=c&state=s`]) {
    assert.equal(at(query), null, query);
  }
  globalThis.top = {};
  assert.equal(at(iss), null);
});
