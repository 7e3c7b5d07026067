import { readApis } from './apis.js';
import type { Connect, Start } from './core.js';
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
      options.persistence === 'sealed' ? (await loaded(import('./sealed.js'))).withKeeper(start) : start;
    const core = await begin(options, environment, host);
    return { core, kind: 'page', fetch: (token) => createFetch(allowed, token) };
  };
