// A whole small world on localhost: pages, an OpenID provider and an API, each on a port of its own, with
// everything counted and everything able to fail. The demo runs in it, and so do the tests.

import { fileURLToPath } from 'node:url';
import * as api from './api.mjs';
import { clock } from './clock.mjs';
import { createCounts } from './counts.mjs';
import { createFaults } from './faults.mjs';
import { createGate } from './gate.mjs';
import { createProofs } from './dpop.mjs';
import { listen } from './listen.mjs';
import { createPages } from './pages.mjs';
import * as op from './provider.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Paths of the demo pages; each is its own redirect URI. */
export const APPS = ['/plain/', '/react/', '/vue/'];

/**
 * Starts pages, provider and API.
 *
 * @param {object} [options]
 * @param {{ pages?: number, provider?: number, api?: number }} [options.ports] wanted ports; free ones otherwise
 * @param {{ pages?: string, provider?: string, api?: string }} [options.hosts] 'localhost' (default) or '127.0.0.1';
 *   different hosts make different sites, so that the provider's cookies are third-party ones in a frame
 * @param {object[]} [options.clients] more clients beside `demo`: OAuth client metadata; redirect URIs that begin
 *   with a slash are on the pages' origin
 * @param {Record<string, number>} [options.ttl] lifetimes in seconds over the defaults (see TTL in provider.mjs)
 * @param {boolean} [options.rotate] whether refresh tokens rotate (default true)
 * @param {Record<string, unknown>} [options.features] more of oidc-provider's features
 * @param {Function} [options.prepare] what else is to be done with each oidc-provider that is made
 * @param {Record<string, string | object | Function>} [options.mounts] more folders for the pages' server
 * @param {string} [options.pkg] the built package, served at /pkg/
 * @param {string} [options.csp] another Content-Security-Policy for the pages; '' for none
 * @param {string[]} [options.connectSrc] more origins for the policy's connect-src
 * @param {boolean} [options.keepAlive] reuse connections (default false: see gate.mjs)
 */
export async function startWorld(options = {}) {
  const { ports = {}, hosts = {}, clients = [], mounts = {}, connectSrc = [], keepAlive = false } = options;
  const ttl = { ...op.TTL, ...options.ttl };
  const policy = { rotate: options.rotate ?? true, grace: 0, headers: {} };
  const counts = createCounts();
  const faults = createFaults();
  const errors = [];

  // Each server's address is part of the others' configuration: take the ports first, answer later.
  const handlers = { pages: starting, provider: starting, api: starting };
  const servers = [];
  const urls = {};
  for (const name of ['pages', 'provider', 'api']) {
    const server = await listen((req, res) => handlers[name](req, res), ports[name]);
    servers.push(server);
    urls[name] = `http://${hosts[name] ?? 'localhost'}:${server.port}`;
  }
  const { pages: pagesOrigin, provider: issuer, api: apiUrl } = urls;

  const absolute = (uris) => uris?.map((uri) => (uri.startsWith('/') ? pagesOrigin + uri : uri));
  const registered = (client) => op.spaClient({
    ...client,
    redirect_uris: absolute(client.redirect_uris),
    ...(client.post_logout_redirect_uris && {
      post_logout_redirect_uris: absolute(client.post_logout_redirect_uris),
    }),
  });

  const provider = await op.createProvider({
    issuer,
    apiUrl,
    clients: [{ client_id: 'demo', redirect_uris: APPS }, ...clients].map(registered),
    ttl,
    policy,
    features: options.features,
    prepare: options.prepare,
    onError: (error) => errors.push(error),
  });
  const origins = () => op.originsOf([pagesOrigin, ...provider.clients.flatMap((client) => client.redirect_uris)]);

  const gate = createGate({ classify: op.classify, handler: provider.handler, counts, faults, keepAlive });
  handlers.provider = (req, res) => {
    for (const [name, value] of Object.entries(policy.headers)) res.setHeader(name, value);
    return gate(req, res);
  };
  const proofs = createProofs({ wantsNonce: () => policy.dpopNonce === true });
  handlers.api = createGate({
    classify: api.classify,
    handler: api.createApi({ apiUrl, issuer, provider, origins, elsewhere: `${issuer}/userinfo`, proofs }),
    counts,
    faults,
    keepAlive,
  });

  const csp = options.csp ?? [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "style-src 'self'",
    `connect-src ${["'self'", issuer, apiUrl, ...connectSrc].join(' ')}`,
    `frame-src 'self' ${issuer}`,
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
  ].join('; ');

  const world = {
    /** Address of the start page. */
    pagesUrl: `${pagesOrigin}/`,
    issuer,
    apiUrl,
    clientId: 'demo',
    counts,
    faults,
    clock,
    /** Lifetimes in seconds; change a member and the next token has it. */
    ttl,
    /**
     * From now on: `policy.rotate`, whether refresh tokens rotate; `policy.grace`, for how many milliseconds one that
     * was used is taken again; `policy.headers`, headers of every answer of the provider; `policy.dpopNonce`, whether
     * DPoP proofs need a nonce.
     */
    policy,
    /** Errors inside the provider; empty when all is well. */
    errors,
    /** The running oidc-provider. */
    get provider() {
      return provider.current;
    },

    /** Revokes grants with all their tokens, as an administrator would; returns how many. */
    revoke: (which = {}) => provider.store.revokeGrants(which),
    /** Signs people out of the provider; their grants stay. Returns how many browser sessions ended. */
    endSessions: (which = {}) => provider.store.endSessions(which),
    /** Registers one more client while the provider runs. */
    addClient: (client) => provider.addClient(registered(client)),
    /** Takes DPoP proofs by these algorithms only. */
    takeProofs: (algorithms) => provider.takeProofs(algorithms),
    /** Signs with new keys; the old ones leave the key set unless `keepOld`. */
    rotateKeys: (how) => provider.rotateKeys(how),

    async stop() {
      faults.clear();
      clock.shift(0);
      await Promise.all(servers.map((server) => server.close()));
    },
  };

  handlers.pages = createPages({
    csp: () => csp,
    config: () => ({ issuer, clientId: 'demo', apiUrl, lifetime: ttl.AccessToken }),
    controls: demoControls(world),
    mounts: {
      '/': here('../pages'),
      '/shared/': here('../shared'),
      '/react/': { dir: here('../dist/react'), spa: true },
      '/vue/': { dir: here('../dist/vue'), spa: true },
      '/pkg/': options.pkg ?? here('../../pkg'),
      ...mounts,
    },
  });

  return world;
}

/** What the demo pages may do to the servers: POST /demo/<name> with a JSON body. */
function demoControls(world) {
  return {
    forget: ({ sub }) => ({ grants: typeof sub === 'string' ? world.revoke({ sub }) : 0 }),
    outage: ({ seconds }) => {
      const forMs = Math.min(Math.max(Number(seconds) || 0, 0), 120) * 1000;
      world.faults.add('*', { drop: 'request', forMs });
      return { seconds: forMs / 1000 };
    },
    lifetime: ({ seconds }) => {
      world.ttl.AccessToken = Math.min(Math.max(Math.round(Number(seconds) || 60), 2), 3600);
      return { seconds: world.ttl.AccessToken };
    },
    counts: () => world.counts.toJSON(),
  };
}

function starting(_req, res) {
  res.writeHead(503).end();
}
