// A server without a network: `fetch` of this page answers by itself. Refresh tokens rotate, and one that is used
// twice ends its whole grant with all its tokens, as a careful server does.

import { ISSUER, SETUP } from './setup.js';
import { createSigner, unsigned } from './jwt.js';

const LIFETIME = 300;

/**
 * Replaces `fetch`. `latency`: milliseconds of every token request.
 *
 * auth0-spa-js would send token requests from a worker, which this fetch does not reach: without `Worker` it sends
 * them from the page.
 */
export async function createNetwork({ latency = 0 } = {}) {
  const { setTimeout, Response, Request } = globalThis;
  const signer = await createSigner();
  const listeners = new Set();
  const refreshes = [];
  let serial = 0;
  let grant = { alive: true, refresh: '', access: new Set() };
  let prepared;

  const seconds = () => Math.floor(Date.now() / 1000);
  const times = () => ({ iat: seconds(), exp: seconds() + LIFETIME });

  const tokens = async (nonce) => {
    serial += 1;
    const access_token = unsigned({ iss: ISSUER, sub: 'ada', sid: 'one', jti: `a${serial}`, ...times() });
    const refresh_token = unsigned({ iss: ISSUER, sub: 'ada', jti: `r${serial}`, iat: seconds() });
    const id_token = await signer.sign({ iss: ISSUER, aud: SETUP.clientId, sub: 'ada', name: 'Ada', ...(nonce && { nonce }), ...times() });
    return { access_token, refresh_token, id_token, token_type: 'Bearer', expires_in: LIFETIME, scope: SETUP.scope };
  };

  const json = (body, status = 200) =>
    new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

  const give = (answer) => {
    grant.refresh = answer.refresh_token;
    grant.access.add(answer.access_token);
    return json(answer);
  };

  const refresh = async (form) => {
    refreshes.push(performance.now());
    for (const listener of [...listeners]) listener();
    const good = grant.alive && form.get('refresh_token') === grant.refresh;
    if (!good) grant.alive = false;
    // Used up at once, whoever is quicker to answer.
    grant.refresh = '';
    const [answer] = await Promise.all([
      tokens(),
      latency && new Promise((resolve) => { setTimeout.call(globalThis, resolve, latency); }),
    ]);
    return good ? give(answer) : json({ error: 'invalid_grant' }, 400);
  };

  const login = () => {
    const answer = prepared;
    prepared = undefined;
    if (!answer) return json({ error: 'invalid_grant' }, 400);
    grant = { alive: true, refresh: '', access: new Set() };
    return give(answer);
  };

  globalThis.fetch = async (input, init) => {
    const request = input instanceof Request;
    const url = request ? input.url : String(input);
    if (url === SETUP.metadata.jwks_uri) return json(signer.jwks);
    if (url !== SETUP.metadata.token_endpoint && url !== `${ISSUER}oauth/token`) throw new TypeError(`no server at ${url}`);
    // A login is recognised by its prepared answer, so that reading the body costs nobody anything.
    if (prepared) return login();
    return refresh(new URLSearchParams(request ? await input.text() : init.body));
  };
  globalThis.Worker = undefined;

  return {
    /** Prepares the answer to the login that this URL begins; gives the URL the browser would come back to. */
    async authorize(loginUrl) {
      const asked = new URL(loginUrl).searchParams;
      prepared = await tokens(asked.get('nonce'));
      const url = new URL(asked.get('redirect_uri'));
      url.search = new URLSearchParams({ code: `code-${serial}`, state: asked.get('state') });
      return url.href;
    },
    /** When token requests with a refresh token were sent. */
    refreshes,
    /** Resolves at the next one. */
    refreshed: () =>
      new Promise((resolve) => {
        const listener = () => {
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
      }),
    /** Whether the server would accept this access token. */
    accepts: (token) => grant.alive && grant.access.has(token),
  };
}

/** Signs a client in; gives it (some libraries make another one). */
export async function signIn(library, network, client) {
  const url = await network.authorize(await library.loginUrl(client));
  library.prepare?.(url);
  return library.finish(client, url);
}
