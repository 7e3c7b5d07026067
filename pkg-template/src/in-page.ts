import { readApis } from './apis.js';
import type { Connect, Core, Engine, Environment, Host, Plain, Start } from './core.js';
import { createFetch } from './fetch.js';
import { loaded } from './loaded.js';
import { take } from './options.js';

/** The page is the vault: engine, tokens and requests are in it. */
export const inPage =
  (start: Start): Connect =>
  async (options, environment, host) => {
    const allowed = readApis(take(options, 'apis'), location.hostname);
    take(options, 'exposeAccessToken');
    const begin =
      options.persistence === 'sealed' ? (await loaded(import('./with-keeper.js'))).withKeeper(start) : alone(start);
    const core = await begin(options, environment, host);
    return { core, kind: 'page', fetch: (token) => createFetch(allowed, token) };
  };

/** Starts an engine without a keeper: a page's engine keeps pending logins itself. */
const alone =
  (start: Start) =>
  async (options: Plain, environment: Environment, host: Host): Promise<Core> => {
    let engine: Engine | undefined;
    engine = await start(options, environment, { ...host, keep: (job) => engine?.kept(job, 'failed') });
    return engine;
  };
