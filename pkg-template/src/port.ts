// A page whose vault is a worker: the engine's interface, spoken through a port.

import type { Connect, Connection, Core, Host, Plain } from './core.js';
import { describe, failure, fromRecord, isAuthError } from './errors.js';
import { createPortFetch } from './port-fetch.js';
import { unavailable, VERSION, type Hello, type ToPage, type ToVault, type Wake } from './protocol.js';

/** How long a vault may take to come up, and to say that it is there; after how long a page that waits asks. In ms. */
const PATIENCE = 10_000;
const ANSWER = 5_000;
const ASK = 3_000;

/** What happens to a page and not to its worker. */
const EVENTS = ['pageshow', 'visibilitychange', 'resume', 'online'];

/** Connects with a worker, or with the first that answers of those a function makes. */
export const connectVault =
  (vault: unknown, inPage: Connect): Connect =>
  async (options, environment, host) => {
    const pageUrl = environment.pageUrl ?? '';
    if (typeof vault !== 'function') return attach(vault, options, pageUrl, host);
    for (const kind of typeof SharedWorker === 'function' ? ['shared', 'dedicated'] : ['dedicated']) {
      let worker: unknown;
      try {
        worker = vault(kind);
        if (worker) return await attach(worker, options, pageUrl, host);
      } catch (error) {
        // One that is there and says no is not passed over, but for one of another version.
        if (isAuthError(error) && error.code !== 'vault_unavailable' && error.code !== 'vault_version') throw error;
        (worker as Worker | undefined)?.terminate?.();
      }
    }
    return inPage(options, environment, host);
  };

const attach = (worker: unknown, options: Plain, pageUrl: string, host: Host): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const target = worker as Partial<SharedWorker & Worker> | null;
    const endpoint = (target?.port ?? target) as MessagePort | null;
    if (typeof endpoint?.postMessage !== 'function') throw failure('option_invalid', 'vault');

    const ops = new Set<number>();
    const open = new Set<(error: unknown) => void>();
    let port: MessagePort | undefined;
    let attached = false;
    let greeting = false;
    let heard = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const post = (message: ToVault, transfer: Transferable[] = []) => port?.postMessage(message, transfer);
    const after = (delay: number, work: () => void) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        work();
      }, delay);
    };
    const forgetToken = () => host.token(undefined, 0, NaN, 0, 0);

    const close = () => {
      clearTimeout(timer);
      for (const event of EVENTS) removeEventListener(event, woken);
      port?.close();
      port = undefined;
    };
    const fail = (error?: unknown) => {
      close();
      for (const stop of [...open]) stop(error);
      reject(error);
      if (attached) host.poison(error);
    };
    const lost = () => fromRecord(unavailable);

    /** Begins anew on another port; what was asked on the last one is lost. */
    const hello = () => {
      greeting = true;
      post(['bye']);
      port?.close();
      for (const op of ops) host.settle(op, false, unavailable);
      ops.clear();
      for (const stop of [...open]) stop(lost());
      const { port1, port2 } = new MessageChannel();
      port = port1;
      port1.onmessage = ({ data }: MessageEvent<ToPage>) => {
        if (port === port1) hear(data);
      };
      // Where browsers tell of it: the vault has gone, or has given this port up.
      port1.addEventListener('close', () => port === port1 && hello());
      endpoint.postMessage({ tokenward: VERSION, options, pageUrl } satisfies Hello, [port2]);
      after(PATIENCE, () => fail(lost()));
    };

    /** Asks for a sign of life. */
    const check = (why: Wake) => {
      if (greeting) return;
      heard = false;
      post(['wake', why]);
      after(ANSWER, () => (heard ? watch() : hello()));
    };
    /** A vault that has gone says nothing: it is asked while somebody waits for it. */
    const watch = () => timer ?? after(ASK, () => (ops.size || open.size) && check('waiting'));

    const woken = (event: Event) => {
      const { type } = event;
      if (type === 'pageshow' ? !(event as PageTransitionEvent).persisted : document.hidden) return;
      // Nobody knows what has happened since.
      if (type === 'pageshow') forgetToken();
      check(type === 'pageshow' ? 'restored' : type === 'online' ? 'online' : 'shown');
    };

    const hear = (message: ToPage) => {
      heard = true;
      switch (message[0]) {
        case 'welcome':
          attached = true;
          greeting = false;
          clearTimeout(timer);
          timer = undefined;
          watch();
          return resolve(connection);
        case 'refuse':
          return greeting ? fail(fromRecord(message[1])) : undefined;
        case 'settle':
          if (ops.delete(message[1])) host.settle(message[1], message[2], message[3]);
          return;
        case 'code':
          if (ops.has(message[1])) host.code(message[1], message[2]);
          return;
        case 'session':
          return host.session(message[1]);
        case 'event':
          return host.event(message[1], message[2]);
        case 'token': {
          const [, token, serial = 0, lifetime = NaN, wall = 0, age = 0] = message;
          return host.token(token, serial, lifetime, wall, performance.now() - age);
        }
        case 'cleanUrl':
          return host.cleanUrl(message[1]);
        case 'ping':
          return post(['pong']);
        case 'dropped':
          return hello();
        case 'poison':
          return fail();
        default: // A pong is a sign of life, and nothing else.
      }
    };

    const core: Core = {
      call: (op, name, args) => {
        ops.add(op);
        post(['call', op, name, args]);
        watch();
      },
      cancel: (op) => {
        if (!ops.delete(op)) return;
        post(['cancel', op]);
        host.settle(op, false, describe('aborted'));
      },
      dispose: () => {
        post(['dispose']);
        close();
      },
    };
    const connection: Connection = {
      core,
      kind: target?.port ? 'shared-worker' : 'worker',
      fetch: () =>
        createPortFetch((head, body, own) => {
          post(['fetch', head, body], [own]);
          watch();
        }, open),
    };

    target?.addEventListener?.('error', () => attached || fail(lost()));
    for (const event of EVENTS) addEventListener(event, woken);
    hello();
  });
