// `persistence: 'sealed'` with the engine in the page: what the page loads only for it.

import type { Core, Host, Start } from './core.js';
import { createKeeper, keeperName } from './keeper.js';

/** The number of no operation of the client: those begin with 1. */
const RESTORE = 0;

/** Starts an engine that has a keeper, and lets it take up what is kept. */
export const withKeeper =
  (start: Start): Start =>
  async (options, environment, host) => {
    /** A panic is told, not thrown at nobody. */
    const enter = (work: () => void) => {
      try {
        work();
      } catch (cause) {
        host.poison(cause);
        restored?.();
      }
    };
    let core: Core | undefined;
    let restored: (() => void) | undefined;
    const settle: Host['settle'] = (op, ok, value) => (op === RESTORE ? restored?.() : host.settle(op, ok, value));
    const keeper = createKeeper({ name: keeperName(options), onHint: () => enter(() => core?.hint()) });
    const keep: Host['keep'] = async (job, verb, key, record, over) => {
      const { word, record: kept, revision } = await keeper.keep(verb, key, record, over);
      if (verb !== 'unlock') enter(() => core?.kept(job, word, kept, revision));
    };
    const made = await start(options, environment, { ...host, settle, keep }).catch((error: unknown) => {
      keeper.dispose();
      throw error;
    });
    const { dispose } = made;
    made.dispose = () => {
      dispose.call(made);
      keeper.dispose();
    };
    core = made;
    await new Promise<void>((resolve) => {
      restored = resolve;
      enter(() => made.call(RESTORE, 'restore', undefined));
    });
    return made;
  };
