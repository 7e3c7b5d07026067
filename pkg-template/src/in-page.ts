import { readApis } from './apis.js';
import type { Connect, Core, Environment, Host, Plain, Start } from './core.js';
import { bearer, createFetch } from './fetch.js';
import { loaded } from './loaded.js';
import { take } from './options.js';
import { isBound } from './whole.js';

/** The page is the vault: engine, tokens and requests are in it. */
export const inPage =
  (start: Start): Connect =>
  async (options, environment, host) => {
    const allowed = readApis(take(options, 'apis'), location.hostname);
    take(options, 'exposeAccessToken');
    const { dpop, persistence } = options;
    const proofs = isBound(dpop) ? await loaded(import('./dpop.js')) : undefined;
    const keyed = proofs?.withKeys(start) ?? start;
    const begin = persistence === 'sealed' ? (await loaded(import('./with-keeper.js'))).withKeeper(keyed) : alone(keyed);
    const core = await begin(options, environment, host);
    return {
      core,
      kind: 'page',
      fetch: (token, ask) => createFetch(allowed, proofs?.proving(ask) ?? bearer(token)),
      present: (token, ask) => proofs?.proving(ask) ?? bearer(token),
    };
  };

/** Starts an engine without a keeper: what a page keeps without one does not come here. */
const alone =
  (start: Start) =>
  (options: Plain, environment: Environment, host: Host): Promise<Core> =>
    start(options, environment, { ...host, keep: () => {} });
