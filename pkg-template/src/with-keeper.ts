// An engine and its keeper: of a page whose session is sealed, and of a vault. A page loads this only for that.

import { clientName } from './client-name.js';
import type { Core, Engine, Environment, Host, KeepVerb, Plain, Start } from './core.js';
import { createKeeper, type Keeper, type KeeperOptions } from './keeper.js';

/** The number of no operation of a client: those begin with 1. */
const RESTORE = 0;

/** Starts an engine that has a keeper, and lets it take up what is kept before it is asked for anything. */
export const withKeeper =
  (start: Start, keeperOf: (options: KeeperOptions) => Keeper = createKeeper) =>
  async (options: Plain, environment: Environment, host: Host): Promise<Core> => {
    let engine: Engine | undefined;
    let restored: (() => void) | undefined;
    let over = false;

    const end = () => {
      over = true;
      keeper.dispose();
    };
    const poison = (cause: unknown) => {
      if (over) return;
      end();
      host.poison(cause);
      restored?.();
    };
    /** A panic is told, not thrown at nobody; a failed engine is not entered again. */
    const enter = (work: (engine: Engine) => void) => {
      if (over || !engine) return;
      try {
        work(engine);
      } catch (cause) {
        poison(cause);
      }
    };

    const keeper = keeperOf({ name: clientName(options), onHint: () => enter((engine) => engine.hint()) });
    try {
      engine = await start(options, environment, {
        ...host,
        settle: (op, ok, value) => (op === RESTORE ? restored?.() : host.settle(op, ok, value)),
        keep: async (job, verb, key, record, over) => {
          const { word, record: kept, revision } = await keeper.keep(verb as KeepVerb, key, record, over);
          if (verb !== 'unlock') enter((engine) => engine.kept(job, word, kept, revision));
        },
        poison,
      });
    } catch (error) {
      end();
      throw error;
    }
    if (options.persistence === 'sealed') {
      await new Promise<void>((resolve) => {
        restored = resolve;
        enter((engine) => engine.call(RESTORE, 'restore', undefined));
      });
    }
    return {
      call: (...given) => enter((engine) => engine.call(...given)),
      cancel: (op) => enter((engine) => engine.cancel(op)),
      dispose: () => {
        enter((engine) => engine.dispose());
        end();
      },
    };
  };
