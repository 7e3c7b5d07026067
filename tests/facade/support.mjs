// The facade against a fake engine, in Node. To run: `cargo xtask test --only facade`; afterwards, until the hints of
// errors change, `npx tsc -p pkg-template --outDir target/facade-test` and `node --test tests/facade` do as well.

import { mkdirSync, writeFileSync } from 'node:fs';

const dist = new URL('../../target/facade-test/', import.meta.url);

/** A compiled module of the facade. */
export const load = (name, query = '') => import(new URL(`${name}.js${query}`, dist));

const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Stand-ins for the modules: the lean one is empty, the whole one has a section. */
export const modules = { 'inline-lean': Uint8Array.from(EMPTY), inline: Uint8Array.of(...EMPTY, 0, 1, 0) };

/** The files the build generates, as stand-ins: wasm modules, and glue that gives the test's Core. */
export const placeGenerated = () => {
  mkdirSync(dist, { recursive: true });
  for (const [name, wasm] of Object.entries(modules)) {
    // Each octet of the stand-in is a frequent one: a digit of its own, from the space on.
    const frequent = [...new Set(wasm)];
    const text = [...wasm].map((octet) => ' !#$%&('[frequent.indexOf(octet)]).join('');
    writeFileSync(new URL(`${name}.js`, dist), `export const wasm = '${text}';\nexport const frequent = [${frequent}];\n`);
  }
  writeFileSync(new URL('glue.js', dist), 'export const instantiate = async () => ({ Core: globalThis.TestCore });\n');
};

// What the oldest browsers that are promised do not have.
delete URL.canParse;

// Node's own keeps the process alive.
globalThis.MessageChannel = class {
  port1 = {};
  port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
};

/** Nor may Node's own of this. Names of open channels are in `channels`, one entry each. */
export const channels = [];
globalThis.BroadcastChannel = class {
  onmessage = null;
  constructor(name) {
    this.name = name;
    channels.push(this);
  }
  postMessage(data) {
    if (!channels.includes(this)) throw new DOMException('closed', 'InvalidStateError');
    for (const other of channels) {
      if (other === this || other.name !== this.name) continue;
      const copy = structuredClone(data);
      setImmediate(() => channels.includes(other) && other.onmessage?.({ data: copy }));
    }
  }
  close() {
    const at = channels.indexOf(this);
    if (at >= 0) channels.splice(at, 1);
  }
};

/** As much of a page as the facade touches. */
export const openPage = (url = 'https://app.example/') => {
  const page = new EventTarget();
  const visited = [];
  const shown = [];
  let href = url;
  globalThis.window = globalThis;
  globalThis.top = globalThis;
  globalThis.location = {
    get origin() { return new URL(href).origin; },
    get href() { return href; },
    get hostname() { return new URL(href).hostname; },
    get pathname() { return new URL(href).pathname; },
    get search() { return new URL(href).search; },
    get hash() { return new URL(href).hash; },
    assign: (to) => visited.push(to),
  };
  globalThis.history = {
    state: null,
    replaceState: (_state, _title, to) => {
      href = new URL(to, href).href;
      shown.push(href);
    },
  };
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  globalThis.dispatchEvent = page.dispatchEvent.bind(page);
  /** The user comes back to a page the browser had kept. */
  const comeBack = () => page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  return { visited, shown, comeBack };
};

/** The session as the engine describes it. */
export const record = (over = {}) => ({
  status: 'signed-in',
  claims: { sub: 'ada', address: { city: 'London' } },
  scope: 'openid',
  expiresAt: 1000,
  renewsAt: 900,
  endsAt: null,
  renewal: 'live',
  tokenType: 'Bearer',
  lastError: null,
  persistence: 'memory',
  ...over,
});

/** An error as the engine describes it. */
export const trouble = (code, over = {}) => ({
  code, phase: 'session', retryable: false, ...over,
});

/** An engine that notes what it is asked and answers as the test says. */
export class FakeCore {
  calls = [];
  cancelled = [];
  disposed = 0;
  /** name -> (args, op) => result, or undefined to leave the operation open. */
  answers = { handleRedirect: () => null };

  constructor(options, environment, host) {
    Object.assign(this, { options, environment, host });
  }
  call(op, name, args) {
    this.calls.push({ op, name, args });
    const answer = this.answers[name]?.(args, op);
    if (answer instanceof Fail) this.host.settle(op, false, answer.record);
    else if (answer !== undefined) this.host.settle(op, true, answer);
  }
  cancel(op) {
    this.cancelled.push(op);
    this.host.settle(op, false, trouble('aborted'));
  }
  kept() {}
  happened() {}
  dispose() {
    this.disposed += 1;
  }
  /** A live token, as after a login. */
  giveToken(token = 'T1', serial = 1, lifetime = 3_600_000) {
    this.host.token(token, serial, lifetime, Date.now(), performance.now());
  }
  count(name) {
    return this.calls.filter((call) => call.name === name).length;
  }
}

/** An answer that is an error. */
export class Fail {
  constructor(code, over) {
    this.record = trouble(code, over);
  }
}

let made = 0;

/** A client of its own and its fake engine. `prepare` sees the engine before the facade uses it. */
export const makeClient = async (options = {}, prepare = () => {}) => {
  const { open } = await load('client');
  const { inPage } = await load('in-page');
  let core;
  const connect = inPage(async (...args) => {
    core = new FakeCore(...args);
    prepare(core);
    return core;
  });
  const client = await open({ issuer: 'https://id.example', clientId: `client-${++made}`, ...options }, connect);
  return { client, core };
};

/** Lets everything that is queued run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** The code an operation rejects with. */
export const codeOf = (promise) =>
  promise.then((value) => `resolved: ${JSON.stringify(value)}`, (error) => error.code ?? error.name);
