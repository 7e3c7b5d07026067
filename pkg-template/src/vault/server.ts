// The vault: one configuration for ever, one engine, and the pages that are connected.

import type { ErrorRecord, Plain, Start } from '../core.js';
import { describe, isAuthError } from '../errors.js';
import type { Keeper, KeeperOptions } from '../keeper.js';
import { unavailable, VERSION, type ToPage, type Wake } from '../protocol.js';
import { createEngine, type VaultEngine } from './engine.js';
import { refusal, toRecord } from './errors.js';
import { PEERS, PINGS, PING_EVERY, URGENT } from './limits.js';
import { readHello, readVersion } from './messages.js';
import { createPeer, type Peer } from './peer.js';

/** What a vault stands in. */
export interface Surroundings {
  start: Start;
  /** The worker's own; a page of another cannot reach it. */
  origin: string;
  /** Whether pages can go without the worker going too. */
  shared: boolean;
  keeperOf(options: KeeperOptions): Keeper;
  /** Lets the engine know what happened to a page. */
  wake(why: Wake): void;
}

/** Gives what hears every message to the worker itself, with the ports that came with it. */
export const createServer = ({ start, origin, shared, keeperOf, wake }: Surroundings) => {
  const peers = new Set<Peer>();
  let configuration: Configuration | undefined;
  let greeting = 0;
  let engine: Promise<VaultEngine> | undefined;

  const tell = (message: ToPage) => {
    for (const peer of peers) peer.tell(message);
  };
  const drop = (peer: Peer) => {
    peers.delete(peer);
    peer.close();
  };
  const sweep = (most: number) => {
    for (const peer of [...peers]) if (!peer.isAlive(most)) drop(peer);
  };
  if (shared) setInterval(() => sweep(PINGS), PING_EVERY);

  const makeEngine = (options: Plain, pageUrl: string): Promise<VaultEngine> => {
    const made = createEngine(start, options, pageUrl, keeperOf, tell, () => {
      if (engine === made) engine = undefined;
      for (const peer of [...peers]) drop(peer);
    });
    return made;
  };

  /** The engine for these options, made at the first call. What cannot be used is no configuration. */
  const engineFor = async (options: Plain, pageUrl: string): Promise<VaultEngine> => {
    const text = JSON.stringify(options);
    if (configuration && text !== configuration.text) throw refusal('vault_mismatch');
    const before = configuration;
    configuration ??= { text, pageUrl };
    engine ??= makeEngine(options, configuration.pageUrl);
    const mine = engine;
    try {
      return await mine;
    } catch (error) {
      if (engine === mine) {
        engine = undefined;
        configuration = before;
      }
      throw error;
    }
  };

  const makeRoom = async (): Promise<void> => {
    if (peers.size < PEERS) return;
    // Whoever knocks often does not wait the longer for it.
    if (greeting > PEERS) throw unavailable;
    sweep(PINGS);
    await new Promise((resolve) => setTimeout(resolve, URGENT));
    sweep(1);
  };

  const welcome = async (data: unknown, port: MessagePort): Promise<void> => {
    const version = readVersion(data);
    if (version !== undefined && version !== VERSION) throw refusal('vault_version');
    const hello = readHello(data, origin);
    if (!hello || version === undefined) throw refusal('vault_message');
    const made = await engineFor(hello.options, hello.pageUrl);
    await makeRoom();
    // Others came meanwhile.
    if (peers.size >= PEERS) throw unavailable;
    const peer = createPeer(port, made, wake, (peer, disposed) => {
      drop(peer);
      if (disposed && !peers.size && engine) {
        engine = undefined;
        made.dispose();
      }
    });
    peers.add(peer);
    const session = made.session();
    if (session) peer.tell(['session', session]);
    peer.tell(['welcome', VERSION]);
  };

  return (data: unknown, ports: readonly MessagePort[]): void => {
    const [port, ...others] = ports;
    for (const unwanted of others) unwanted.close();
    if (!port) return;
    greeting += 1;
    welcome(data, port)
      .catch((error: unknown) => {
        const refused = isAuthError(error) ? toRecord(error) : isRecord(error) ? error : describe('engine_failed');
        port.postMessage(['refuse', refused]);
        port.close();
      })
      .finally(() => (greeting -= 1));
  };
};

/** The options and the page that came first. */
interface Configuration {
  text: string;
  pageUrl: string;
}

const isRecord = (error: unknown): error is ErrorRecord => typeof error === 'object' && error !== null && 'phase' in error;
