// Script in the page that tries the vault: the cases J07, J08 and J11, and two holes that others had.

import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { defineSpeaker, KINDS, signInTo } from '../vault.mjs';

const HIDDEN = { exposeAccessToken: false };

/** What the provider is sent and hands out from now on: every secret that there is. */
const spy = (stage) => {
  const secrets = { access: [], refresh: [], id: [], verifier: [] };
  stage.world.faults.add('token', {
    when: ({ body }) => {
      const verifier = new URLSearchParams(body).get('code_verifier');
      if (verifier) secrets.verifier.push(verifier);
      return true;
    },
    rewrite: (answer) => {
      secrets.access.push(answer.access_token);
      if (answer.refresh_token) secrets.refresh.push(answer.refresh_token);
      if (answer.id_token) secrets.id.push(answer.id_token);
      return answer;
    },
  });
  return secrets;
};

const refusedFor = (stage, options) => stage.refused(
  (given) => tokenward.createClient({ ...setup.options, ...given, vault: makeVault('shared') }), options,
);

scenario('J07: a second page with another issuer, client or endpoint is refused, and the session is as it was', async (stage) => {
  await signInTo(stage, 'shared');
  await stage.openTab(stage.vaultHome);
  stage.counts.reset();
  for (const other of [
    { issuer: 'https://evil.example' },
    { clientId: 'other' },
    { metadata: { token_endpoint: 'http://localhost:1/token' } },
    { apis: ['http://localhost:1'] },
    { exposeAccessToken: true },
    { redirectUri: `${stage.vaultHome}other` },
  ]) {
    const { code, phase } = await refusedFor(stage, other);
    assert.deepEqual([code, phase], ['vault_mismatch', 'vault'], JSON.stringify(other));
  }
  assert.deepEqual(stage.counts.log, []);
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

scenario('J07: an older or newer build is refused with vault_version', async (stage) => {
  await signInTo(stage, 'shared');
  await stage.evaluate(defineSpeaker);
  for (const version of [0, 2, 1000]) {
    const error = await stage.run(async (tokenward) => (await speak(makeVault('shared'), { tokenward }).next())[1], version);
    assert.equal(error.code, 'vault_version');
  }
  assert.equal(await stage.status(), 'signed-in');
});

scenario('J07: 1,000 ports: a new tab still gets in, and the session lives', async (stage) => {
  await signInTo(stage, 'shared');
  const first = await stage.driver.getWindowHandle();
  await stage.openTab(stage.vaultHome);
  await stage.evaluate(defineSpeaker);
  const codes = await stage.run(async () => {
    const all = [];
    for (let i = 0; i < 50; i += 1) {
      const worker = makeVault('shared');
      for (let j = 0; j < 20; j += 1) all.push(speak(worker));
    }
    window.kept = all;
    const answers = await Promise.all(all.map(async ({ heard }) => {
      for (;;) {
        const last = heard.find(([verb]) => verb === 'welcome' || verb === 'refuse');
        if (last) return last[0] === 'welcome' ? 'welcome' : last[1].code;
        await new Promise((resolve) => { setTimeout(resolve, 20); });
      }
    }));
    return Object.fromEntries([...new Set(answers)].map((answer) => [answer, answers.filter((other) => other === answer).length]));
  });
  // None of them answers a ping: each is let in, and dropped for the next, or refused.
  assert.ok(Object.keys(codes).every((code) => code === 'welcome' || code === 'vault_unavailable'), JSON.stringify(codes));
  assert.ok(codes.welcome >= 255, JSON.stringify(codes));
  await stage.openTab(stage.vaultHome);
  assert.equal(await stage.status(), 'signed-in');
  await stage.show(first);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

for (const [vault, kind] of Object.entries(KINDS)) {
  scenario(`J08 in a ${kind}: no message brings a secret, none takes an address of the token endpoint`, async (stage) => {
    const secrets = spy(stage);
    await signInTo(stage, vault, HIDDEN);
    await stage.evaluate(defineSpeaker);
    stage.counts.reset();
    // A dedicated worker of one's own has nobody's session: the page's own one is asked, through the facade's endpoint.
    const { heard, expected } = await stage.run(async () => {
      const worker = setup.vault === 'shared' ? makeVault('shared') : window.theirs;
      const { heard, next, say } = speak(worker);
      await next('welcome');
      const evil = 'http://localhost:1/token';
      const asked = [
        ['getRefreshToken'], ['refreshToken'], ['getIdToken'], ['verifier'], ['exportKey'], ['session', 'all'], ['token'], ['dump'],
        ['call', 1, 'getRefreshToken', {}], ['call', 2, 'exportKey', {}], ['call', 3, 'getToken', undefined], ['call', 4, 'getToken', { fresh: true }],
        ['call', 5, 'getToken', { url: evil }], ['call', 6, 'refresh', { url: evil, headers: {}, body: 'x' }], ['call', 7, 'userinfo', { url: evil }, 1],
        ['call', 8, '__proto__', {}], ['call', 9, 'kept', {}], ['call', 10, 'dispose', {}],
        ['token', { url: evil, body: 'grant_type=refresh_token' }], ['hello', { tokenward: 1 }], { tokenward: 1, options: { issuer: evil } },
        { type: 'refresh', timeout: 10000, fetchUrl: evil, fetchOptions: { method: 'POST', body: '{}' }, useFormData: true, auth: {} },
      ];
      for (const message of asked) say(message);
      const pipe = new MessageChannel();
      const fetched = new Promise((resolve) => { pipe.port1.onmessage = ({ data }) => resolve(data); });
      const head = { url: evil, method: 'POST', headers: [], mode: 'cors', credentials: 'omit', cache: 'default', redirect: 'follow', referrer: '', referrerPolicy: '', integrity: '', keepalive: false };
      say(['fetch', head, 'grant_type=refresh_token'], [pipe.port2]);
      heard.push(await fetched);
      // Seven of the calls and each of the others.
      for (let i = 0; i < 300 && heard.filter(([verb]) => verb === 'refuse' || verb === 'settle' || verb === 'fail').length < asked.length + 1; i += 1) {
        await new Promise((resolve) => { setTimeout(resolve, 10); });
      }
      return { heard, expected: asked.length + 1 };
    });
    const answers = heard.filter(([verb]) => verb === 'refuse' || verb === 'settle' || verb === 'fail');
    assert.equal(answers.length, expected, JSON.stringify(heard));
    const codes = answers.map((answer) => (answer[0] === 'settle' ? answer[2] || answer[3].code : answer[1].code));
    assert.deepEqual([...new Set(codes)].sort(), ['api_not_allowed', 'token_hidden', 'vault_message']);
    const text = JSON.stringify(heard);
    for (const secret of Object.values(secrets).flat()) assert.ok(!text.includes(secret));
    assert.ok(secrets.refresh.length && secrets.verifier.length && secrets.id.length);
    assert.deepEqual(stage.counts.log, []);
    assert.equal(await stage.status(), 'signed-in');
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  });

  scenario(`J08 in a ${kind}: a flood on one port is cut off, the client's own goes on`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    await stage.evaluate(defineSpeaker);
    const found = await stage.run(async () => {
      const { heard, next, say } = speak(setup.vault === 'shared' ? makeVault('shared') : window.theirs);
      await next('welcome');
      for (let i = 1; i <= 20_000; i += 1) say(i % 2 ? ['call', i, 'getToken', {}] : { junk: i });
      await next('dropped');
      return { codes: [...new Set(heard.map(([verb, , , error]) => (verb === 'settle' ? error.code : verb)))].sort(), answers: heard.length };
    });
    assert.ok(found.answers <= 4000, `${found.answers} answers`);
    assert.deepEqual(found.codes.filter((code) => code !== 'session'), ['refuse', 'token_hidden']);
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  });

  scenario(`J11 in a ${kind}: script that replaced everything before the client was loaded finds no secret`, async (stage) => {
    const secrets = spy(stage);
    stage.world.ttl.AccessToken = 3;
    const loot = () => {
      // What this page hears over all its loads of this test.
      const found = [];
      window.loot = () => found.join('\n');
      const note = (...values) => {
        for (const value of values) {
          if (typeof value === 'string') found.push(value);
          else if (typeof value === 'object' && value !== null) {
            try {
              found.push(stringify(value) ?? '');
            } catch {
              // A cycle.
            }
          }
        }
      };
      const { stringify, parse } = JSON;
      const wrap = (target, name) => {
        const original = target?.[name];
        if (typeof original !== 'function') return;
        target[name] = function (...args) {
          note(...args);
          const result = Reflect.apply(original, this, args);
          note(result);
          return result;
        };
      };
      for (const name of ['postMessage']) for (const type of [MessagePort, Worker, BroadcastChannel]) wrap(type.prototype, name);
      for (const name of ['get', 'getKey', 'put', 'add']) wrap(IDBObjectStore.prototype, name);
      for (const name of ['digest', 'sign', 'encrypt', 'decrypt', 'exportKey', 'importKey', 'generateKey']) wrap(SubtleCrypto.prototype, name);
      for (const name of ['set', 'append']) wrap(Headers.prototype, name);
      for (const name of ['getItem', 'setItem']) wrap(Storage.prototype, name);
      wrap(TextDecoder.prototype, 'decode');
      wrap(window, 'fetch');
      wrap(Crypto.prototype, 'getRandomValues');
      JSON.stringify = (...args) => {
        const text = stringify(...args);
        note(text);
        return text;
      };
      JSON.parse = (text, ...more) => {
        note(text);
        return parse(text, ...more);
      };
      const data = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
      Object.defineProperty(MessageEvent.prototype, 'data', {
        get() {
          const value = data.get.call(this);
          note(value);
          return value;
        },
      });
      const { then } = Promise.prototype;
      Promise.prototype.then = function (resolved, rejected) {
        return then.call(this, typeof resolved === 'function' ? (value) => {
          note(value);
          return resolved(value);
        } : resolved, rejected);
      };
    };
    await signInTo(stage, vault, { ...HIDDEN, before: loot });
    await stage.run(async () => {
      await auth.fetch(`${setup.apiUrl}/me`).then((response) => response.json());
      await auth.userinfo();
    });
    await stage.until('two renewals', async () => (await stage.eventsOf('renewed')).length >= 2);
    await stage.run(() => auth.fetch(`${setup.apiUrl}/me`));
    // More tries: a second copy of the package, and the engine's memory.
    const memories = await stage.run(async () => {
      const copy = await import('/e2e/copy/dist/index.js');
      await copy.createClient({ ...setup.options, vault: setup.vault === 'shared' ? makeVault('shared') : theirs }).then((other) => other.getToken()).catch(() => {});
      return seen.memories.length;
    });
    assert.equal(memories, 0);
    const found = await stage.evaluate(() => window.loot());
    assert.ok(found.includes('"call"') && found.includes('Ada Lovelace'), 'the trap works');
    assert.ok(secrets.access.length >= 3 && secrets.refresh.length >= 3 && secrets.verifier.length === 1);
    for (const [what, values] of Object.entries(secrets)) {
      for (const value of values) assert.ok(!found.includes(value), `${what} was found`);
    }
  });

  scenario(`after a logout in a ${kind} no token is left: neither to be had, nor in memory`, async (stage) => {
    const secrets = spy(stage);
    await signInTo(stage, vault, { before: () => { setup.vaultUrl = '/e2e/worker/watched/watch.js'; } });
    await stage.evaluate(defineSpeaker);
    const inMemory = (text) => stage.run((wanted) => new Promise((resolve) => {
      const channel = new BroadcastChannel(`watch ${setup.vaultName}`);
      channel.onmessage = ({ data }) => {
        channel.close();
        resolve(data.count);
      };
      channel.postMessage(wanted);
    }), text);
    assert.ok((await inMemory(secrets.refresh[0])) > 0, 'the control: it is there before');
    await stage.run(() => auth.getToken({ fresh: true }));
    assert.equal(secrets.refresh.length, 2);
    for (const old of [secrets.refresh[0], secrets.access[0]]) assert.equal(await inMemory(old), 0, 'after a rotation');
    assert.ok((await inMemory(secrets.refresh[1])) > 0);
    await stage.run(() => auth.logout({ local: true }));
    await stage.untilCounts(({ revocation }) => revocation === 1);
    await stage.until('memory is empty', async () => {
      for (const token of [...secrets.access, ...secrets.refresh, ...secrets.id]) if (await inMemory(token)) return false;
      return true;
    });
    const codes = await stage.run(async () => {
      const { next, say } = speak(setup.vault === 'shared' ? makeVault('shared') : window.theirs);
      await next('welcome');
      say(['call', 1, 'getToken', undefined]);
      const [, , ok, error] = await next('settle');
      say(['call', 2, 'getToken', { fresh: true }]);
      const [, , okToo, errorToo] = await next('settle');
      return [ok, error.code, okToo, errorToo.code, await auth.fetch(`${setup.apiUrl}/me`).catch(({ code }) => code)];
    });
    assert.deepEqual(codes, [false, 'login_required', false, 'login_required', 'login_required']);
  });
}
