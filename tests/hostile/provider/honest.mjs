// What an honest server answers. Faults that are about the ID token are asked on the way; everything else is changed
// afterwards.

import { createHash } from 'node:crypto';
import { decode, sign } from './keys.mjs';

const USER = 'ada';

const json = (status, value, headers = {}) => ({ status, headers, json: value });
const refusal = (error, status = 400) => json(status, { error });

export function answer(exchange, faults, provider) {
  const handler = HANDLERS[exchange.kind];
  return handler ? handler(exchange, faults, provider) : json(404, { error: 'not_found' });
}

const HANDLERS = {
  preflight: () => ({ status: 204, headers: {} }),
  discovery: (exchange, faults, provider) => json(200, metadata(provider)),
  jwks: (exchange, faults, provider) => json(200, { keys: provider.published.map(({ publicJwk }) => publicJwk) }),
  authorize,
  token,
  userinfo,
  revocation: ({ form }, faults, provider) => {
    provider.revoked.push(form.get('token'));
    return { status: 200, headers: {} };
  },
  logout: ({ url }) => {
    const uri = url.searchParams.get('post_logout_redirect_uri');
    if (!uri) return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'signed out' };
    const state = url.searchParams.get('state');
    return { status: 303, headers: {}, redirect: { uri, params: state === null ? [] : [['state', state]] } };
  },
  api: ({ bearer }, faults, provider) =>
    provider.accessTokens.has(bearer)
      ? json(200, { sub: USER })
      : json(401, { error: 'invalid_token' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
};

export function metadata({ issuer, origin }) {
  return {
    issuer,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    jwks_uri: `${origin}/jwks`,
    userinfo_endpoint: `${origin}/userinfo`,
    revocation_endpoint: `${origin}/revoke`,
    end_session_endpoint: `${origin}/logout`,
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}

/** The user is signed in and says yes at once: no page, no press of a button. */
function authorize({ url }, faults, provider) {
  const asked = Object.fromEntries(url.searchParams);
  const code = grantFor(asked, provider);
  const params = [['code', code], ['state', asked.state ?? ''], ['iss', provider.issuer]];
  return { status: 303, headers: {}, redirect: { uri: asked.redirect_uri, params, mode: asked.response_mode ?? 'query' } };
}

/** Somebody consents to this request; gives the code. */
export function grantFor(asked, provider) {
  const grant = {
    alive: true,
    clientId: asked.client_id,
    scope: asked.scope ?? '',
    nonce: asked.nonce,
    challenge: asked.code_challenge,
    authTime: seconds(),
    sub: USER,
    sid: provider.mint('sid'),
  };
  provider.grants.push(grant);
  const code = provider.mint('code');
  provider.codes.set(code, { grant, used: false });
  return code;
}

async function token(exchange, faults, provider) {
  const { form, grant: type } = exchange;
  if (type === 'authorization_code') {
    const entry = provider.codes.get(form.get('code'));
    if (!entry) return refusal('invalid_grant');
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    const proven = !provider.checksPkce || !entry.grant.challenge || challenge === entry.grant.challenge;
    if (entry.used || !proven) {
      entry.grant.alive = false;
      return refusal('invalid_grant');
    }
    entry.used = true;
    return tokens(entry.grant, exchange, faults, provider);
  }
  if (type === 'refresh_token') {
    const entry = provider.refreshTokens.get(form.get('refresh_token'));
    if (!entry?.grant.alive) return refusal('invalid_grant');
    if (provider.rotates && entry.used) {
      entry.grant.alive = false;
      return refusal('invalid_grant');
    }
    entry.used = true;
    const asked = form.get('scope');
    const granted = entry.grant.scope.split(' ');
    if (asked && !asked.split(' ').every((value) => granted.includes(value))) return refusal('invalid_scope');
    return tokens(entry.grant, exchange, faults, provider);
  }
  return refusal('unsupported_grant_type');
}

async function tokens(grant, exchange, faults, provider) {
  // Looks like a JWT to a library that reads it; says nothing.
  const access = fake({ iss: provider.issuer, sub: grant.sub, sid: grant.sid, jti: provider.mint('at'), ...times(provider) });
  provider.accessTokens.set(access, grant);
  const answered = {
    access_token: access,
    token_type: 'Bearer',
    expires_in: provider.lifetime,
    scope: exchange.form.get('scope') ?? grant.scope,
  };
  if (provider.rotates || exchange.grant === 'authorization_code') {
    answered.refresh_token = fake({ iss: provider.issuer, sub: grant.sid, jti: provider.mint('rt'), iat: seconds() });
    provider.refreshTokens.set(answered.refresh_token, { grant, used: false });
  }
  if (grant.scope.split(' ').includes('openid')) {
    const id = await idToken(grant, access, exchange, faults, provider);
    if (id !== undefined) answered.id_token = id;
  }
  return json(200, answered);
}

const fake = (claims) =>
  [{ alg: 'RS256', typ: 'JWT' }, claims, 'x'.repeat(64)].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

async function idToken(grant, access, exchange, faults, provider) {
  let claims = {
    iss: provider.issuer,
    aud: grant.clientId,
    sub: grant.sub,
    // OIDC Core 12.2: a token of a refresh should have none; one of the peers asks for it all the same.
    nonce: grant.nonce,
    sid: grant.sid,
    auth_time: grant.authTime,
    name: 'Ada',
    ...times(provider),
  };
  for (const fault of faults) claims = fault.claims?.(claims, { ...exchange, access, provider }) ?? claims;
  const payload = typeof claims === 'string' ? claims : JSON.stringify(claims);
  const key = provider.keys.honest[provider.algorithm];
  let header = { alg: provider.algorithm, kid: key.kid, typ: 'JWT' };
  for (const fault of faults) header = fault.header?.(header, { ...exchange, provider }) ?? header;
  const signer = faults.find((fault) => fault.sign);
  let jws = signer ? await signer.sign({ header, payload, key, provider }) : await sign(header, payload, key);
  for (const fault of faults) if (fault.jws) jws = fault.jws(jws, { ...exchange, provider });
  return jws;
}

function userinfo({ bearer }, faults, provider) {
  const grant = provider.accessTokens.get(bearer);
  if (!grant?.alive) return json(401, { error: 'invalid_token' }, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
  return json(200, { sub: grant.sub, name: 'Ada' });
}

export const seconds = () => Math.floor(Date.now() / 1000);

const times = ({ lifetime }) => ({ iat: seconds(), exp: seconds() + lifetime });

/** The claims of a compact token. */
export const claimsOf = (jws) => JSON.parse(decode(jws.split('.')[1]));
