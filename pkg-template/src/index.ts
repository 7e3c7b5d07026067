/**
 * OAuth 2 / OpenID Connect for single-page apps. Importing it has no side effect and works in Node; the engine
 * is loaded by {@link createClient}.
 *
 * @packageDocumentation
 */

import { open } from './client.js';
import { loaded } from './loaded.js';
import type { AuthClient, ClientOptions } from './types.js';
import { needsWhole } from './whole.js';

export * from './public.js';

/**
 * Makes the client. When the page's URL is the answer to a login of this client, the login is finished, the URL
 * cleaned, and the `returnTo` of that login shown, before the promise resolves; an answer that was refused is
 * in `session.lastError`. Asked twice with equal options, it gives the same client until that is disposed.
 *
 * Rejects with an {@link AuthError} only when no client can be made: a wrong option (`option_unknown`,
 * `option_missing`, `option_invalid`, `implicit_refused`, `insecure_url`), an engine that cannot be loaded
 * (`engine_load_failed`), a vault that does not answer or refuses (`vault_unavailable`, `vault_mismatch`,
 * `vault_version`), or no browser (`environment_unsupported`).
 *
 * @example
 * ```ts
 * const auth = await createClient({ issuer: 'https://id.example.com', clientId: 'spa' });
 * if (auth.session.status === 'signed-out') await auth.login();
 * const token = await auth.getToken();
 * ```
 */
export const createClient = (options: ClientOptions): Promise<AuthClient> =>
  // A page whose vault is a worker never loads an engine, and no page one that it has no use for.
  open(options, async (given, ...rest) => {
    const module = needsWhole(given) ? import('./inline.js') : import('./inline-lean.js');
    const [{ connectWith }, inlined] = await loaded(Promise.all([import('./page.js'), module]));
    return connectWith(inlined)(given, ...rest);
  });
