// One page that is connected: what it may say, what it waits for, what it is told.

import type { Calls } from '../core.js';
import { describe } from '../errors.js';
import type { ToPage, Wake } from '../protocol.js';
import type { VaultEngine } from './engine.js';
import { refusal } from './errors.js';
import { BURST, createBucket, PENDING, RATE, REQUESTS, WRONG } from './limits.js';
import { readMessage, readOp } from './messages.js';
import { carry, type Carried } from './requests.js';

/** A page. */
export interface Peer {
  tell(message: ToPage): void;
  /** Asks for a sign of life; `false` when so many were not answered. */
  isAlive(most: number): boolean;
  /** Cancels what it waits for. What was sent to the server of tokens goes on. */
  close(): void;
}

/** `left`: the page says that it goes; `disposed`: because its client is not needed any more. */
export const createPeer = (
  port: MessagePort,
  engine: VaultEngine,
  wake: (why: Wake) => void,
  left: (peer: Peer, disposed: boolean) => void,
): Peer => {
  const ops = new Map<number, number>();
  const requests = new Set<Carried>();
  const permitted = createBucket(BURST, RATE);
  let wrong = 0;
  let missed = 0;
  let hasToken = false;
  let closed = false;

  const post = (message: ToPage) => {
    if (!closed) port.postMessage(message);
  };
  const leave = (disposed = false) => {
    if (!closed) left(peer, disposed);
  };

  const refuse = (data: unknown, ports: readonly MessagePort[], path?: string) => {
    const error = refusal('vault_message', path);
    const op = readOp(data);
    if (op !== undefined && !ops.has(op)) post(['settle', op, false, error]);
    else if (ports[0]) ports[0].postMessage(['fail', error]);
    else post(['refuse', error]);
    for (const unwanted of ports) unwanted.close();
    if (++wrong >= WRONG) leave();
  };

  const call = (op: number, name: keyof Calls, args: Record<string, unknown> | undefined) => {
    const givesToken = name === 'getToken' || name === 'proof' || name === 'exchangeToken';
    if (givesToken && !engine.exposed) return post(['settle', op, false, describe('token_hidden')]);
    ops.set(op, 0);
    const own = engine.call(
      name,
      args,
      (ok, value) => {
        if (!ops.delete(op)) return;
        const measured = ok && name === 'getToken' ? engine.measure(value as Calls['getToken']) : undefined;
        if (measured) {
          hasToken = true;
          post(measured);
        }
        post(['settle', op, ok, value]);
      },
      (url) => post(['cleanUrl', url]),
      (code) => ops.has(op) && post(['code', op, code]),
    );
    if (ops.has(op)) ops.set(op, own);
  };

  port.onmessage = ({ data, ports }: MessageEvent<unknown>) => {
    if (closed) return;
    missed = 0;
    if (!permitted()) return refuse(data, ports, 'rate');
    const message = readMessage(data, ports.length);
    switch (message?.[0]) {
      case 'call':
        if (ops.has(message[1])) break;
        if (ops.size >= PENDING) return refuse(data, ports, 'pending');
        return call(message[1], message[2], message[3]);
      case 'cancel': {
        const own = ops.get(message[1]);
        ops.delete(message[1]);
        if (own) engine.cancel(own);
        return;
      }
      case 'fetch': {
        if (requests.size >= REQUESTS) return refuse(data, ports, 'pending');
        const carried: Carried = carry(message[1], message[2], ports[0]!, engine.fetch, () => requests.delete(carried));
        requests.add(carried);
        return;
      }
      case 'wake':
        wake(message[1]);
        return post(['pong']);
      case 'pong':
        return;
      case 'bye':
        return leave();
      case 'dispose':
        return leave(true);
      default:
    }
    refuse(data, ports);
  };
  port.onmessageerror = () => refuse(undefined, []);
  port.addEventListener('close', () => leave());

  const peer: Peer = {
    tell: (message) => {
      // A page that was given no token has none to forget.
      if (message[0] === 'token' && !hasToken) return;
      if (message[0] === 'token') hasToken = false;
      post(message);
    },
    isAlive: (most) => {
      if (missed >= most) return false;
      missed += 1;
      post(['ping']);
      return true;
    },
    close: () => {
      if (closed) return;
      // A page that was only asleep says hello again.
      post(['dropped']);
      closed = true;
      for (const op of ops.values()) if (op) engine.cancel(op);
      ops.clear();
      for (const request of [...requests]) request.stop();
      port.close();
    },
  };
  return peer;
};
