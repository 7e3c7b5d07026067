// A vault in this process: the real server and the real client, with ports between them and a fake engine behind.

import { after, afterEach } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { FakeCore, load, openPage, settled, trouble } from './support.mjs';

export const ORIGIN = 'https://app.example';

// Node's own ports keep the process alive until they are closed.
const channels = new Set();
export class Channel {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    Object.assign(this, { port1, port2 });
    channels.add(this);
  }
}
globalThis.MessageChannel = Channel;
const intervals = new Set();
const closeAll = () => {
  for (const { port1, port2 } of channels) {
    port1.close();
    port2.close();
  }
  channels.clear();
  for (const interval of intervals) clearInterval(interval);
  intervals.clear();
};
afterEach(closeAll);
after(() => setImmediate(() => process.exit()));

/** A keeper that remembers, as long as it lives. */
const memoryKeeper = () => {
  const logins = new Map();
  return {
    keep: async (verb, key, record) => {
      if (verb === 'store') logins.set(key, record);
      const found = logins.get(key);
      if (verb === 'take') logins.delete(key);
      return verb === 'take' && found !== undefined ? { word: 'done', record: found } : { word: 'done' };
    },
    dispose: () => {},
  };
};

/** A vault, the engines it made, and what stands for its worker in a page. */
export const makeVault = async ({ shared = true, prepare = () => {}, start } = {}) => {
  const { createServer } = await load('vault/server');
  const cores = [];
  const woken = [];
  const doors = [];
  const { setInterval } = globalThis;
  globalThis.setInterval = (...args) => {
    const interval = setInterval(...args);
    intervals.add(interval);
    return interval;
  };
  const greet = createServer({
    start: start ?? (async (...args) => {
      const core = new FakeCore(...args);
      prepare(core);
      cores.push(core);
      return core;
    }),
    origin: ORIGIN,
    shared,
    keeperOf: memoryKeeper,
    wake: (why) => woken.push(why),
  });
  globalThis.setInterval = setInterval;
  /** What `new SharedWorker()` or `new Worker()` gives. */
  const worker = () => {
    const { port1, port2 } = new Channel();
    port2.onmessage = ({ data, ports }) => {
      doors.push(...ports);
      greet(data, ports);
    };
    const endpoint = { postMessage: (...args) => port1.postMessage(...args) };
    return shared ? { port: endpoint, addEventListener() {} } : Object.assign(endpoint, { addEventListener() {}, terminate() {} });
  };
  return {
    greet,
    cores,
    woken,
    worker,
    get core() { return cores.at(-1); },
    /** As when pages answered no ping. */
    drop: () => {
      for (const door of doors.splice(0)) {
        door.postMessage(['dropped']);
        door.close();
      }
    },
    /** As when the worker hangs: nothing is read any more. */
    deafen: () => {
      for (const door of doors) door.onmessage = () => {};
    },
  };
};

export const OPTIONS = { issuer: 'https://id.example', clientId: 'spa', apis: ['https://api.example/v1'] };

/** Waits for a condition, in turns of the event loop. */
export const until = async (what, probe) => {
  for (let i = 0; i < 2000; i++) {
    const found = probe();
    if (found) return found;
    await settled();
  }
  throw new Error(`not: ${what}`);
};

/** Time for messages to come that should not come. */
export const quiet = async () => {
  for (let i = 0; i < 20; i++) await settled();
};

/** A page that writes its messages itself. */
export const knock = (vault, hello = {}) => {
  const { port1, port2 } = new Channel();
  const heard = [];
  port1.onmessage = ({ data }) => heard.push(data);
  vault.greet({ tokenward: 1, options: OPTIONS, pageUrl: `${ORIGIN}/`, ...hello }, [port2]);
  const page = {
    heard,
    port: port1,
    say: (message, transfer = []) => port1.postMessage(message, transfer),
    /** The first message of a kind that was not looked at before. */
    next: async (verb) => {
      const at = await until(verb, () => heard.findIndex((message) => message[0] === verb) + 1);
      return heard.splice(at - 1, 1)[0];
    },
    count: (verb) => heard.filter((message) => message[0] === verb).length,
  };
  return page;
};

/** The same, when it was let in. */
export const enter = async (vault, hello) => {
  const page = knock(vault, hello);
  await page.next('welcome');
  return page;
};

let made = 0;

/** A client whose vault this is. */
export const makeVaultClient = async (vault, options = {}) => {
  openPage(`${ORIGIN}/`);
  globalThis.document = { hidden: false };
  const { open } = await load('client');
  return open({ ...OPTIONS, clientId: `spa-${++made}`, vault: vault.worker(), ...options }, async () => {
    throw trouble('page');
  });
};
