// The OpenID provider: `oidc-provider`, set up as a provider for single-page applications. Public clients,
// PKCE always, refresh tokens that rotate, and a token used twice ends its whole grant.

import { randomBytes } from 'node:crypto';
import { Provider, interactionPolicy } from 'oidc-provider';
import { CLAIMS, findAccount } from './accounts.mjs';
import { SIGNING_ALGORITHMS, generateKeys } from './keys.mjs';
import {
  createPrompts, deviceCodePage, deviceConfirmPage, deviceDonePage, errorPage, loggedOutPage, logoutPage,
} from './prompts.mjs';
import { createStore } from './store.mjs';

/** Lifetimes in seconds. */
export const TTL = {
  AccessToken: 60,
  IdToken: 600,
  RefreshToken: 24 * 3600,
  AuthorizationCode: 60,
  ClientCredentials: 60,
  DeviceCode: 600,
  BackchannelAuthenticationRequest: 600,
  PreAuthorizedCode: 600,
  Interaction: 3600,
  Session: 14 * 24 * 3600,
  Grant: 14 * 24 * 3600,
};

const ROUTES = {
  authorization: '/authorize',
  token: '/token',
  userinfo: '/userinfo',
  jwks: '/jwks',
  revocation: '/revoke',
  end_session: '/logout',
  pushed_authorization_request: '/par',
  device_authorization: '/device/authorize',
  code_verification: '/device',
};

/** Names the kind (see counts.mjs) of a request to the provider. */
export function classify(method, path) {
  if (method === 'OPTIONS') return 'preflight';
  if (path.startsWith('/.well-known/')) return 'discovery';
  // The login page, and the step back from it to the authorization endpoint.
  if (path.startsWith('/interaction/') || path.startsWith(`${ROUTES.authorization}/`)) return 'login';
  switch (path) {
    case ROUTES.jwks: return 'jwks';
    case ROUTES.authorization: return 'authorize';
    case ROUTES.token: return 'token';
    case ROUTES.userinfo: return 'userinfo';
    case ROUTES.revocation: return 'revocation';
    case ROUTES.end_session: return 'endSession';
    case ROUTES.pushed_authorization_request: return 'par';
    case ROUTES.device_authorization: return 'device';
    default: return 'other';
  }
}

/**
 * @param {object} options
 * @param {string} options.issuer
 * @param {string} options.apiUrl a resource (RFC 8707) whose access tokens are JWTs
 * @param {object[]} options.clients client metadata; see `spaClient`
 * @param {Record<string, number>} options.ttl lifetimes, read at every use
 * @param {{ rotate: boolean, grace: number, dpopNonce?: boolean }} options.policy read at every use
 * @param {Record<string, unknown>} [options.features] more of oidc-provider's `features`
 * @param {(provider: Provider) => void} [options.prepare] what else is to be done with each one that is made
 * @param {(error: Error) => void} options.onError what went wrong inside the provider
 */
export async function createProvider({ issuer, apiUrl, clients, ttl, policy, features = {}, prepare = () => {}, onError }) {
  const store = createStore(() => policy.grace);
  const cookieKeys = [randomBytes(32).toString('base64url')];
  const { port } = new URL(issuer);
  let metadata = clients;
  let jwks = await generateKeys();
  let proofAlgorithms = ['ES256', 'Ed25519', 'EdDSA'];
  let provider;
  let handle;

  function build() {
    provider = new Provider(issuer, {
      adapter: store.adapter,
      jwks,
      clients: metadata,
      // Cookies are shared by all ports of a host: two providers on one machine keep out of each other's way.
      cookies: {
        keys: cookieKeys,
        names: { session: `op_session_${port}`, interaction: `op_login_${port}`, resume: `op_resume_${port}` },
      },
      routes: ROUTES,
      findAccount,
      claims: CLAIMS,
      scopes: ['openid', 'offline_access', 'notes'],
      // The profile is in the ID token, not at the userinfo endpoint alone.
      conformIdTokenClaims: false,
      clockTolerance: 5,
      ttl: Object.fromEntries(Object.keys(TTL).map((name) => [name, () => ttl[name]])),
      enabledJWA: { idTokenSigningAlgValues: SIGNING_ALGORITHMS, dPoPSigningAlgValues: proofAlgorithms },
      pkce: { required: () => true },
      rotateRefreshToken: () => policy.rotate,
      loadExistingGrant: grantEverything,
      clientBasedCORS: (_ctx, origin, client) => originsOf(client.redirectUris ?? []).has(origin),
      interactions: { policy: policyOfPrompts(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      renderError: errorPage,
      features: {
        devInteractions: { enabled: false },
        claimsParameter: { enabled: true },
        deviceFlow: {
          enabled: true,
          userCodeInputSource: deviceCodePage,
          userCodeConfirmSource: deviceConfirmPage,
          successSource: deviceDonePage,
        },
        jwtUserinfo: { enabled: true },
        revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
        rpInitiatedLogout: { enabled: true, logoutSource: logoutPage, postLogoutSuccessSource: loggedOutPage },
        resourceIndicators: {
          enabled: true,
          defaultResource: (_ctx, _client, oneOf) => oneOf,
          useGrantedResource: () => false,
          getResourceServerInfo: (_ctx, resource) => resourceServer(resource),
        },
        // Offered to all, demanded of none: a client that sends proofs gets tokens that are bound to its key.
        dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => policy.dpopNonce === true },
        ...features,
      },
    });
    prepare(provider);
    provider.on('server_error', (_ctx, error) => onError(error));
    provider.on('error', onError);
    const prompts = createPrompts(provider, () => originsOf(metadata.flatMap((client) => client.redirect_uris)));
    const callback = provider.callback();
    handle = (req, res) => prompts(req, res, () => callback(req, res));
  }

  function resourceServer(resource) {
    return {
      audience: resource,
      scope: 'notes',
      accessTokenFormat: 'jwt',
      accessTokenTTL: ttl.AccessToken,
      jwt: { sign: { alg: 'RS256' } },
    };
  }

  build();

  return {
    handler: (req, res) => handle(req, res),
    get current() {
      return provider;
    },
    get jwks() {
      return jwks;
    },
    get clients() {
      return metadata;
    },
    store,
    isResource: (audience) => audience === apiUrl,

    /** Registers one more client. */
    addClient(client) {
      metadata = [...metadata, client];
      build();
    },

    /** Takes DPoP proofs by these algorithms only. */
    takeProofs(algorithms) {
      proofAlgorithms = algorithms;
      build();
    },

    /** Signs with new keys from now on; `keepOld` leaves the old ones in the key set. */
    async rotateKeys({ keepOld = false } = {}) {
      const fresh = await generateKeys();
      jwks = { keys: keepOld ? [...fresh.keys, ...jwks.keys] : fresh.keys };
      build();
    },
  };
}

/** Metadata of a public client for pages; `redirectUris` are absolute. */
export function spaClient({ client_id, redirect_uris, post_logout_redirect_uris = redirect_uris, ...rest }) {
  return {
    client_name: 'Tokenward demo',
    application_type: 'web',
    token_endpoint_auth_method: 'none',
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    ...rest,
    client_id,
    redirect_uris,
    post_logout_redirect_uris,
  };
}

export function originsOf(urls) {
  return new Set(urls.map((url) => new URL(url).origin));
}

/**
 * The specification lets a provider drop `offline_access` from a request without a consent screen, and
 * oidc-provider does so before any setting is asked. For these first-party clients the scope is put back, once
 * before the login page and once with the grant.
 */
function keepOfflineAccess({ oidc, query }) {
  const asked = oidc.entities.PushedAuthorizationRequest
    ? 'offline_access'
    : (oidc.entities.Interaction?.params.scope ?? query.scope ?? '');
  if (String(asked).split(' ').includes('offline_access') && oidc.client.grantTypeAllowed('refresh_token')) {
    oidc.params.scope = [...new Set([...oidc.requestParamScopes, 'offline_access'])].join(' ');
  }
}

function policyOfPrompts() {
  const policy = interactionPolicy.base();
  policy.get('login').checks.add(new interactionPolicy.Check('offline_access', 'never asks', (ctx) => {
    keepOfflineAccess(ctx);
    return interactionPolicy.Check.NO_NEED_TO_PROMPT;
  }));
  return policy;
}

/** Consent of a first-party client: whatever it asks for is granted without a screen. */
async function grantEverything(ctx) {
  keepOfflineAccess(ctx);
  const { oidc } = ctx;
  const { Grant } = oidc.provider;
  const grantId = oidc.session.grantIdFor(oidc.client.clientId);
  let grant = grantId && (await Grant.find(grantId));
  if (!grant || grant.accountId !== oidc.account.accountId) {
    grant = new Grant({ clientId: oidc.client.clientId, accountId: oidc.account.accountId });
  }
  const scope = [...oidc.requestParamOIDCScopes].join(' ');
  if (scope) grant.addOIDCScope(scope);
  grant.addOIDCClaims([...oidc.requestParamClaims]);
  for (const [resource, { scope: available }] of Object.entries(oidc.resourceServers ?? {})) {
    if (available) grant.addResourceScope(resource, available);
  }
  if (oidc.params.authorization_details) JSON.parse(oidc.params.authorization_details).forEach((detail) => grant.addRar(detail));
  await grant.save();
  return grant;
}
