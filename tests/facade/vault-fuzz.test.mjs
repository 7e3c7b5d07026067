// How to run: see support.mjs. Whatever a page says to a vault: messages of the corpus, damaged at random. Nothing throws,
// each message has the answers it may have and no more, no answer holds a token, and the session is as it was.
//
// VAULT_FUZZ_SECONDS=600 for longer (`cargo xtask fuzz --only vault`), VAULT_FUZZ_SEED=… to see a failure again.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { record, settled } from './support.mjs';
import { Channel, enter, makeVault, OPTIONS, until } from './vault-support.mjs';

const SECONDS = Number(process.env.VAULT_FUZZ_SECONDS ?? 0);
const SEED = Number(process.env.VAULT_FUZZ_SEED ?? 1);
const MESSAGES = 3000;
const MESSAGES_OF_A_PAGE = 100;
const TOKENS = ['AT-very-secret', 'RT-very-secret'];

const corpus = JSON.parse(readFileSync(new URL('./corpus/vault-messages.json', import.meta.url), 'utf8'));

/** mulberry32: small, seeded, good enough to choose by. */
const chance = (seed) => {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (count) => Math.floor(next() * count);
  return { next, below, of: (list) => list[below(list.length)] };
};

const deep = (depth) => (depth ? [deep(depth - 1)] : 1);

/** Values that can be cloned and that nobody expects. */
const odd = (random) =>
  random.of([
    () => undefined, () => null, () => NaN, () => -0, () => Infinity, () => 2 ** 53, () => random.below(1000), () => -random.below(1000),
    () => random.next(), () => '', () => 'x'.repeat(random.below(70_000)), () => '__proto__', () => 'toString', () => '\0\ud800', () => 10n,
    () => true, () => [], () => ({}), () => deep(random.below(30)), () => new Map([['url', 'x']]), () => new Set([1]), () => new Date(NaN),
    () => /x/g, () => new Error('x'), () => new Uint8Array(random.below(100)), () => new ArrayBuffer(8), () => new Blob(['x']),
    () => Object.assign([], { length: random.below(2000) }), () => JSON.parse('{"__proto__":{"local":true}}'), () => random.of(corpus),
    () => 'https://evil.example/token', () => ({ url: 'https://evil.example' }), () => new AggregateError([], 'x'),
  ])();

/** The same with something in it changed, added, left out, or moved. */
const damaged = (random, value, depth = 0) => {
  if (random.below(6) === 0 || depth > 4) return odd(random);
  if (Array.isArray(value)) {
    const list = value.map((item) => (random.below(4) === 0 ? damaged(random, item, depth + 1) : item));
    const at = random.below(list.length + 1);
    if (random.below(5) === 0) list.splice(at, random.below(2), ...(random.below(2) ? [odd(random)] : []));
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, random.below(4) === 0 ? damaged(random, item, depth + 1) : item]);
    if (random.below(5) === 0) entries.push([random.of(['url', 'x', 'headers', 'toJSON', 'then']), odd(random)]);
    return Object.fromEntries(random.below(8) === 0 ? entries.slice(1) : entries);
  }
  return typeof value === 'number' && random.below(2) ? random.below(50) : odd(random);
};

/** JSON has no undefined, which is what stands for no arguments. */
const whole = (message) => (Array.isArray(message) ? message.map((item) => (item === null ? undefined : item)) : message);

const isCall = (message) => Array.isArray(message) && message[0] === 'call' && Number.isSafeInteger(message[1]) && message[1] > 0;

/** What the vault may say to a message, as the protocol describes it: verbs on the page's port. */
const permitted = (message) => {
  if (isCall(message)) return [['settle'], ['cleanUrl', 'settle']];
  const is = (verb, length) => Array.isArray(message) && message[0] === verb && message.length === length;
  if (is('wake', 2)) return [['pong'], ['refuse']];
  if (is('cancel', 2) || is('pong', 1)) return [[], ['refuse']];
  if (is('bye', 1) || is('dispose', 1)) return [['dropped'], ['refuse']];
  if (is('fetch', 3)) return [[], ['refuse']];
  return [['refuse']];
};

const text = (value) =>
  JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `${item}n` : item instanceof Uint8Array ? Buffer.from(item).toString('latin1') : item)) ?? '';

/** A vault with somebody in it who must not be harmed. */
const inhabited = async () => {
  const vault = await makeVault({
    prepare: (core) => {
      core.host.session(record());
      core.host.token(TOKENS[0], 1, 3_600_000, Date.now(), performance.now());
      Object.assign(core.answers, {
        getToken: () => ({ token: TOKENS[0], serial: 1 }),
        login: () => ({ url: 'https://id.example/authorize?state=tw.x' }),
        userinfo: () => ({ sub: 'ada' }),
        logout: () => ({ url: null }),
      });
      for (const name of ['revoke', 'restore']) core.answers[name] = (_args, op) => core.host.settle(op, true, undefined);
    },
  });
  return { vault, hello: { options: { ...OPTIONS, exposeAccessToken: false } } };
};

/** Says one message and judges what comes of it. */
const say = async ({ vault, page, asked }, message, ports) => {
  const answers = [];
  for (const { port1 } of ports) port1.onmessage = ({ data }) => answers.push(data);
  page.heard.length = 0;
  const calls = vault.core.calls.length;
  const requests = asked.length;
  try {
    page.say(message, ports.map(({ port2 }) => port2));
  } catch (error) {
    assert.equal(error.name, 'DataCloneError');
    for (const { port1 } of ports) port1.close();
    return;
  }
  const [most] = permitted(message).sort((a, b) => b.length - a.length);
  for (let i = 0; i < 400 && (i < 6 || (page.heard.length + answers.length < Math.max(most.length, 1) && i < 40)); i++) await settled();
  const heard = page.heard.filter(([verb]) => verb !== 'ping');
  const verbs = heard.map(([verb]) => verb);
  // What came with a port is refused there, unless it names an operation.
  const refusedThere = ports.length > 0 && verbs.length === 0 && answers[0]?.[0] === 'fail';
  const fits = permitted(message).some((wanted) => wanted.join() === verbs.join());
  assert.ok(fits || refusedThere, `answered with [${verbs}] and [${answers.map(([verb]) => verb)}]`);
  for (const [verb, ...rest] of heard) {
    if (verb === 'settle') assert.equal(rest[0], message[1], 'of another operation');
    if (verb === 'refuse') assert.equal(rest[0].code, 'vault_message');
  }
  assert.ok(answers.filter(([verb]) => verb === 'head' || verb === 'fail').length <= 1, 'two answers to one request');
  for (const token of TOKENS) assert.ok(!text([heard, answers]).includes(token), 'a token is told');
  // What reached the engine is a call that exists, with plain data; what reached the network, an API of the list.
  for (const { name, args } of vault.core.calls.slice(calls)) {
    assert.ok(['restore', 'login', 'handleRedirect', 'userinfo', 'logout', 'revoke'].includes(name), name);
    assert.ok(args === undefined || Object.getPrototypeOf(args) === null, 'arguments with a prototype');
  }
  for (const { url, headers, credentials } of asked.slice(requests)) {
    assert.match(url, /^https:\/\/api\.example\/v1(\/|$|\?)/);
    assert.deepEqual([headers.get('authorization'), headers.get('dpop')], [`Bearer ${TOKENS[0]}`, null]);
    assert.ok(credentials);
  }
  for (const { port1 } of ports) port1.close();
  return verbs;
};

test('J08: messages that are nearly right, or nothing at all', async (t) => {
  const asked = [];
  t.mock.method(globalThis, 'fetch', async (request) => {
    asked.push(request);
    return new Response('{}', { headers: { 'set-cookie': 'a=b', 'x-own': '1' } });
  });
  const thrown = [];
  const caught = (error) => thrown.push(error);
  process.on('uncaughtException', caught);
  process.on('unhandledRejection', caught);
  t.after(() => {
    process.off('uncaughtException', caught);
    process.off('unhandledRejection', caught);
  });

  const { vault, hello } = await inhabited();
  const neighbour = await enter(vault, hello);
  const until_ = Date.now() + SECONDS * 1000;
  let said = 0;
  const seen = new Map();
  for (let round = 0; SECONDS ? Date.now() < until_ : said < MESSAGES; round += 1) {
    const seed = SEED + round;
    const random = chance(seed);
    let page = await enter(vault, hello);
    await settled();
    for (let i = 0; i < MESSAGES_OF_A_PAGE; i += 1) {
      // The first page says the corpus as it is.
      const chosen = round === 0 && i < corpus.length ? corpus[i] : random.of(corpus);
      const message = whole(round === 0 && i < corpus.length ? chosen : damaged(random, chosen));
      const wants = Array.isArray(message) && message[0] === 'fetch' ? 1 : 0;
      const ports = Array.from({ length: random.below(8) === 0 ? random.below(3) : wants }, () => new Channel());
      try {
        const verbs = await say({ vault, page, asked }, message, ports);
        assert.deepEqual(thrown, []);
        for (const verb of verbs ?? []) seen.set(verb, (seen.get(verb) ?? 0) + 1);
        if (verbs?.includes('dropped')) page = await enter(vault, hello);
      } catch (error) {
        error.message = `VAULT_FUZZ_SEED=${seed}, message ${i}: ${text(message).slice(0, 500)} with ${ports.length} ports: ${error.message}`;
        throw error;
      }
      said += 1;
    }
    page.say(['bye']);
    // The neighbour was not disturbed, and the session is what it was.
    neighbour.heard.length = 0;
    neighbour.say(['call', round + 1, 'userinfo', undefined]);
    await until('the neighbour is answered', () => neighbour.heard.find(([verb, op, ok]) => verb === 'settle' && op === round + 1 && ok));
    assert.equal(vault.cores.length, 1);
    assert.equal(vault.core.disposed, 0);
  }
  assert.ok(asked.length > 0, 'some requests were made');
  for (const verb of ['settle', 'refuse', 'pong']) assert.ok(seen.get(verb) > 10, `${verb}: ${seen.get(verb)}`);
  t.diagnostic(`${said} messages, ${asked.length} requests`);
});
