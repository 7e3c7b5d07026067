// Known providers' token endpoints as their documentation describes them, in one server of our own: what they ask for, how
// they answer, how long things live. Nothing of it talks to a real provider. What the documentation leaves open is marked
// `unknown` and emulated as RFC 6749 has it.
//
// The address of each is its real one below this server: https://github.com/login/… is http://localhost:PORT/github.com/login/….

import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { listen } from '../../www-example/server/listen.mjs';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONTH = 30 * DAY;

/** A tenant's id. */
export const GUID = '0a1b2c3d-0000-4000-8000-00000000abcd';
/** The secret of every confidential client. */
export const SECRET = 'only-the-proxy-knows';

const SSO = 'https://sso.example.com/realms/acme';
const B2C = 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_in';
const TWITCH = 'https://id.twitch.tv/oauth2';

const grantError = (description, status = 400) => ({ status, body: { error: 'invalid_grant', error_description: description } });

/**
 * - `secret`: the token endpoint asks for it, and answers no browser.
 * - `access`, `refresh`: lives in seconds. `ends`: of the session, whatever is renewed.
 * - `rotation`: `single` (the old token stops), `new` (it goes on), `echo` (the same comes back), `omit` (none comes back),
 *   `sometimes` (every other answer has none).
 * - `oldStops`: a new access token stops the one before.
 * - `answer`: the body for `{ access_token, refresh_token, scope, id_token }`, members that are undefined left out.
 * - `dead`: what is said of a refresh token that is no good.
 */
export const PROVIDERS = {
  keycloak: {
    issuer: SSO,
    discovers: true,
    authorize: `${SSO}/protocol/openid-connect/auth`,
    token: `${SSO}/protocol/openid-connect/token`,
    logout: `${SSO}/protocol/openid-connect/logout`,
    access: 5 * MINUTE,
    refresh: 30 * MINUTE,
    rotation: 'new',
    callback: { session_state: 'd3b1a1f0', iss: SSO },
    answer: (given) => ({ ...given, expires_in: 300, refresh_expires_in: 1800, token_type: 'Bearer', 'not-before-policy': 0, session_state: 'd3b1a1f0' }),
    dead: grantError('Token is not active'),
  },
  auth0: {
    issuer: 'https://acme.eu.auth0.com/',
    discovers: true,
    authorize: 'https://acme.eu.auth0.com/authorize',
    token: 'https://acme.eu.auth0.com/oauth/token',
    logout: 'https://acme.eu.auth0.com/v2/logout',
    access: DAY,
    ends: MONTH,
    rotation: 'single',
    answer: (given) => ({ ...given, expires_in: 86_400, token_type: 'Bearer' }),
    dead: grantError('Unknown or invalid refresh token.', 403),
  },
  okta: {
    issuer: 'https://acme.okta.com/oauth2/default',
    discovers: true,
    authorize: 'https://acme.okta.com/oauth2/default/v1/authorize',
    token: 'https://acme.okta.com/oauth2/default/v1/token',
    logout: 'https://acme.okta.com/oauth2/default/v1/logout',
    access: HOUR,
    refresh: 7 * DAY,
    rotation: 'single',
    grace: 30,
    answer: (given) => ({ ...given, token_type: 'Bearer', expires_in: 3600 }),
    dead: grantError('The refresh token is invalid or expired.'),
  },
  entra: {
    issuer: `https://login.microsoftonline.com/${GUID}/v2.0`,
    discovers: true,
    authorize: `https://login.microsoftonline.com/${GUID}/oauth2/v2.0/authorize`,
    token: `https://login.microsoftonline.com/${GUID}/oauth2/v2.0/token`,
    logout: `https://login.microsoftonline.com/${GUID}/oauth2/v2.0/logout`,
    access: HOUR,
    ends: DAY,
    rotation: 'new',
    answer: (given) => ({ ...given, token_type: 'Bearer', scope: 'api://app/access', expires_in: 3599, ext_expires_in: 3599 }),
    dead: grantError('AADSTS700084: The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00'),
  },
  azureB2C: {
    issuer: `https://contoso.b2clogin.com/${GUID}/v2.0/`,
    authorize: `${B2C}/oauth2/v2.0/authorize`,
    token: `${B2C}/oauth2/v2.0/token`,
    keys: `${B2C}/discovery/v2.0/keys`,
    access: HOUR,
    ends: DAY,
    rotation: 'new',
    answer: (given) => ({ ...given, not_before: '1442340812', token_type: 'Bearer', scope: 'https://contoso/api/read', expires_in: '3600' }),
    dead: grantError('AADB2C90080: The provided grant has expired.'),
  },
  google: {
    secret: true,
    issuer: 'https://accounts.google.com',
    discovers: true,
    authorize: 'https://accounts.google.com/o/oauth2/v2/auth',
    token: 'https://oauth2.googleapis.com/token',
    // A project in "Testing".
    access: HOUR,
    ends: 7 * DAY,
    rotation: 'omit',
    gives: (request) => request.get('access_type') === 'offline',
    answer: (given) => ({ ...given, expires_in: 3599, token_type: 'Bearer' }),
    dead: grantError('Token has been expired or revoked.'),
  },
  github: {
    secret: true,
    authorize: 'https://github.com/login/oauth/authorize',
    token: 'https://github.com/login/oauth/access_token',
    access: 8 * HOUR,
    refresh: 6 * MONTH,
    rotation: 'single',
    oldStops: true,
    formUnlessAsked: true,
    answer: ({ access_token, refresh_token }) => ({ access_token, expires_in: '28800', refresh_token, refresh_token_expires_in: '15811200', scope: 'repo,gist', token_type: 'bearer' }),
    dead: { status: 200, body: { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' } },
    spent: { status: 200, body: { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' } },
  },
  bitbucket: {
    secret: true,
    authorize: 'https://bitbucket.org/site/oauth2/authorize',
    token: 'https://bitbucket.org/site/oauth2/access_token',
    access: 2 * HOUR,
    rotation: 'echo', // unknown
    answer: ({ access_token, refresh_token }) => ({ scopes: 'account repository', access_token, expires_in: 7200, token_type: 'bearer', refresh_token }),
    dead: grantError('Invalid refresh_token'), // unknown
  },
  twitch: {
    secret: true,
    authorize: `${TWITCH}/authorize`,
    token: `${TWITCH}/token`,
    access: 14_124,
    rotation: 'new',
    answer: ({ access_token, refresh_token, scope }) => ({ access_token, expires_in: 14_124, refresh_token, scope: scope.split(' '), token_type: 'bearer' }),
    dead: { status: 400, body: { status: 400, message: 'Invalid refresh token' } },
  },
  monzo: {
    secret: true,
    authorize: 'https://auth.monzo.com/',
    token: 'https://api.monzo.com/oauth2/token',
    access: 6 * HOUR,
    rotation: 'single',
    oldStops: true,
    oneActive: true,
    answer: ({ access_token, refresh_token }) => ({ access_token, client_id: 'oauth2client_x', expires_in: 21_600, refresh_token, token_type: 'Bearer', user_id: 'user_x' }),
    dead: { status: 401, body: { code: 'unauthorized.bad_refresh_token', message: 'Bad refresh token' } },
  },
  shareFile: {
    secret: true,
    authorize: 'https://secure.sharefile.com/oauth/authorize',
    token: 'https://acme.sharefile.com/oauth/token',
    access: 8 * HOUR,
    rotation: 'echo', // unknown
    callback: { subdomain: 'acme', apicp: 'sharefile.com', appcp: 'sharefile.com' },
    answer: ({ access_token, refresh_token }) => ({ access_token, refresh_token, token_type: 'bearer', appcp: 'sharefile.com', apicp: 'sharefile.com', subdomain: 'acme', access_files_folders: true, expires_in: 28_800 }),
    dead: grantError('unknown'), // unknown
  },
  apigee: {
    secret: true,
    authorize: 'https://acme-prod.apigee.net/oauth/authorize',
    token: 'https://acme-prod.apigee.net/oauth/token',
    access: 30 * MINUTE,
    rotation: 'new', // as the API's owner builds it
    answer: ({ access_token, refresh_token }) => ({ issued_at: '1420262924658', scope: 'READ', application_name: 'ce1e94a2', status: 'approved', api_product_list: '[Weather]', expires_in: '1799', 'developer.email': 'x@example.com', token_type: 'BearerToken', refresh_token, client_id: 'x', access_token, refresh_token_expires_in: '0', refresh_count: '0' }),
    dead: { status: 400, body: { ErrorCode: 'invalid_request', Error: 'Invalid Refresh Token' } },
    spent: { status: 400, body: { ErrorCode: 'invalid_request', Error: 'Invalid Authorization Code' } },
  },
  discord: {
    issuer: 'https://discord.com',
    authorize: 'https://discord.com/api/oauth2/authorize',
    token: 'https://discord.com/api/oauth2/token',
    access: 7 * DAY,
    rotation: 'new', // unknown
    callback: { iss: 'https://discord.com' },
    answer: ({ access_token, refresh_token, scope }) => ({ token_type: 'Bearer', access_token, expires_in: 604_800, refresh_token, scope }),
    dead: grantError('Invalid "refresh_token" in request.'),
  },
  spotify: {
    authorize: 'https://accounts.spotify.com/authorize',
    token: 'https://accounts.spotify.com/api/token',
    access: HOUR,
    rotation: 'sometimes',
    answer: ({ access_token, refresh_token, scope }) => ({ access_token, token_type: 'Bearer', expires_in: 3600, refresh_token, scope }),
    dead: grantError('Refresh token revoked'),
  },
  cognito: {
    issuer: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC',
    discovers: true,
    authorize: 'https://acme.auth.eu-west-1.amazoncognito.com/oauth2/authorize',
    token: 'https://acme.auth.eu-west-1.amazoncognito.com/oauth2/token',
    logout: 'https://acme.auth.eu-west-1.amazoncognito.com/logout',
    access: HOUR,
    ends: MONTH,
    rotation: 'omit',
    answer: ({ id_token, access_token, refresh_token }) => ({ id_token, access_token, refresh_token, expires_in: 3600, token_type: 'Bearer' }),
    dead: { status: 400, body: { error: 'invalid_grant' } },
  },
  zitadel: {
    issuer: 'https://acme.zitadel.cloud',
    discovers: true,
    authorize: 'https://acme.zitadel.cloud/oauth/v2/authorize',
    token: 'https://acme.zitadel.cloud/oauth/v2/token',
    logout: 'https://acme.zitadel.cloud/oidc/v1/end_session',
    access: 12 * HOUR,
    refresh: MONTH,
    rotation: 'single',
    answer: ({ access_token, refresh_token, id_token }) => ({ access_token, token_type: 'Bearer', refresh_token, expires_in: 43_199, id_token }),
    dead: grantError('Errors.OIDCSession.RefreshTokenInvalid'),
  },
};

const SPENT = grantError('The code is no good.');
const random = () => randomBytes(24).toString('base64url');
const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/**
 * Starts all of them. `clientId`, `redirectUri`: of the one client each of them knows; `origin`: of its pages.
 *
 * @returns `url`; `at(address)`: where an address of theirs is here; `relocate(preset)`: the preset with its addresses moved
 *   here; `clock.shift(seconds)`; `of(name)`: `grants`, `requests` (token requests as they came), `kill()`; `stop()`.
 */
export async function startEmulation({ clientId, redirectUri, origin }) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] };
  const states = new Map(Object.entries(PROVIDERS).map(([name, facts]) => [name, createState(name, facts)]));
  let shifted = 0;
  let url;
  const now = () => Math.floor(Date.now() / 1000) + shifted;
  const at = (address) => address.replace(/^https:\/\//, `${url}/`);

  const sign = (claims) => {
    const input = `${base64url({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${base64url(claims)}`;
    return `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey).toString('base64url')}`;
  };

  function createState(name, facts) {
    return { name, facts, codes: new Map(), grants: [], access: new Map(), refresh: new Map(), requests: [], force: {} };
  }

  /** Tokens of a grant, and the documented body round them. */
  function issue(state, grant, nonce) {
    const { facts } = state;
    const time = now();
    const access_token = random();
    if (facts.oldStops) for (const [token, known] of state.access) if (facts.oneActive || known.grant === grant) state.access.delete(token);
    state.access.set(access_token, { grant, until: time + facts.access });
    const old = grant.refresh;
    let refresh_token;
    if (grant.renewable) {
      grant.renewals += 1;
      const first = old === undefined;
      const none = !first && (facts.rotation === 'omit' || (facts.rotation === 'sometimes' && grant.renewals % 2 === 0));
      if (!none) {
        refresh_token = !first && facts.rotation === 'echo' ? old : random();
        if (!first && (facts.rotation === 'single' || facts.rotation === 'sometimes')) state.refresh.get(old).spent = time;
        state.refresh.set(refresh_token, { grant, until: Math.min(time + (facts.refresh ?? Infinity), grant.until) });
        grant.refresh = refresh_token;
      }
    }
    const openid = grant.scope.split(' ').includes('openid');
    const id_token = openid && facts.issuer
      ? sign({ iss: at(facts.issuer), sub: 'ada', aud: clientId, iat: time, exp: time + 3600, ...(nonce && { nonce }) })
      : undefined;
    return facts.answer({ access_token, refresh_token, scope: grant.scope, id_token });
  }

  function token(state, form, headers) {
    const { facts } = state;
    state.requests.push({ form: Object.fromEntries(form), headers });
    const basic = `Basic ${btoa(`${clientId}:${SECRET}`)}`;
    const authenticated = form.get('client_secret') === SECRET || headers.authorization === basic;
    if (facts.secret && !authenticated) return { status: 401, body: { error: 'invalid_client', error_description: 'client_secret is missing.' } };
    const spent = facts.spent ?? SPENT;
    if (form.get('grant_type') === 'authorization_code') {
      const code = state.codes.get(form.get('code'));
      state.codes.delete(form.get('code'));
      const verifier = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
      if (!code || code.challenge !== verifier || form.get('redirect_uri') !== redirectUri) return spent;
      return { status: 200, body: issue(state, code.grant, code.nonce) };
    }
    const known = state.refresh.get(form.get('refresh_token'));
    const { grant } = known ?? {};
    const inGrace = known?.spent !== undefined && now() - known.spent <= (facts.grace ?? -1);
    if (known?.spent !== undefined && !inGrace) grant.dead = true;
    if (!known || grant.dead || now() >= known.until) return facts.dead;
    return { status: 200, body: issue(state, grant) };
  }

  function authorize(state, query, res) {
    const { facts } = state;
    if (query.get('client_id') !== clientId || query.get('redirect_uri') !== redirectUri) return void res.writeHead(400).end();
    const grant = {
      scope: query.get('scope') ?? '',
      renewable: facts.gives?.(query) ?? true,
      renewals: 0,
      until: now() + (facts.ends ?? Infinity),
      asked: Object.fromEntries(query),
    };
    state.grants.push(grant);
    const code = random();
    state.codes.set(code, { grant, challenge: query.get('code_challenge'), nonce: query.get('nonce') });
    const back = new URL(redirectUri);
    const { iss, ...callback } = facts.callback ?? {};
    const answer = { code, state: query.get('state'), ...callback, ...(iss && { iss: at(iss) }) };
    for (const [name, value] of Object.entries(answer)) back.searchParams.set(name, value);
    res.writeHead(302, { Location: back.href, 'Cache-Control': 'no-store' }).end();
  }

  const discovery = ({ facts }) => ({
    issuer: at(facts.issuer),
    authorization_endpoint: at(facts.authorize),
    token_endpoint: at(facts.token),
    jwks_uri: `${url}/keys`,
    ...(facts.logout && { end_session_endpoint: at(facts.logout) }),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    ...(facts.callback?.iss && { authorization_response_iss_parameter_supported: true }),
  });

  const allow = (res, from) => res.setHeader('Access-Control-Allow-Origin', from).setHeader('Access-Control-Allow-Headers', 'authorization');

  async function handle(req, res) {
    const { pathname, searchParams } = new URL(req.url, url);
    const is = (address) => address && new URL(at(address)).pathname === pathname;
    const json = (status, body) => res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(body));
    if (pathname.startsWith('/api/')) {
      allow(res, origin);
      if (req.method === 'OPTIONS') return void res.writeHead(204).end();
      const known = states.get(pathname.slice(5))?.access.get(req.headers.authorization?.replace(/^Bearer /, ''));
      return void json(known && now() < known.until ? 200 : 401, { ok: Boolean(known) });
    }
    if (pathname === '/keys') return void json(200, jwks, allow(res, '*'));
    for (const state of states.values()) {
      const { facts } = state;
      if (facts.discovers && is(`${facts.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)) return void json(200, discovery(state), allow(res, '*'));
      if (is(facts.keys)) return void json(200, jwks, allow(res, '*'));
      if (is(facts.authorize)) return authorize(state, searchParams, res);
      if (is(facts.token) && req.method === 'POST') {
        let text = '';
        for await (const chunk of req) text += chunk;
        const { status, body } = token(state, new URLSearchParams(text), req.headers);
        if (!facts.secret) allow(res, origin);
        const asked = /json/.test(req.headers.accept ?? '') && !state.force.form;
        if (!facts.formUnlessAsked || asked) return void json(status, body);
        const known = Object.entries(body).filter(([, value]) => value !== undefined);
        return void res.writeHead(status, { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' }).end(`${new URLSearchParams(known)}`);
      }
    }
    json(404, { error: 'not_found' });
  }

  const server = await listen((req, res) => void handle(req, res).catch(() => res.destroy()));
  url = `http://localhost:${server.port}`;
  const moved = (value) => (typeof value === 'string' ? at(value) : value);
  return {
    url,
    at,
    clock: { shift: (seconds) => { shifted += seconds; } },
    relocate: (preset) => ({
      ...preset,
      issuer: at(preset.issuer),
      ...(preset.metadata && { metadata: Object.fromEntries(Object.entries(preset.metadata).map(([name, value]) => [name, moved(value)])) }),
    }),
    of: (name) => {
      const state = states.get(name);
      return Object.assign(state, { kill: () => { for (const grant of state.grants) grant.dead = true; } });
    },
    stop: () => server.close(),
  };
}
