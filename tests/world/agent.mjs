// A browser without a screen: cookies, redirects by hand, forms, PKCE.

import { createHash, randomBytes } from 'node:crypto';

/** A client with a cookie jar of its own; `origin` is what its cross-origin requests say. */
export function createAgent(origin) {
  const jar = new Map();

  async function request(url, init = {}) {
    const { host, pathname } = new URL(url);
    const cookies = [...jar.values()].filter((cookie) => cookie.host === host && pathname.startsWith(cookie.path));
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: {
        accept: 'text/html',
        ...(cookies.length > 0 && { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }),
        ...init.headers,
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/;\s*/);
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      if (value === '') jar.delete(`${host}${path}${name}`);
      else jar.set(`${host}${path}${name}`, { host, path, name, value });
    }
    return response;
  }

  /** Follows redirects until the answer is no redirect or leads to `stopAt`, which is then returned as URL. */
  async function follow(url, init, stopAt) {
    let response = await request(url, init);
    let at = url;
    for (let hop = 0; hop < 10 && response.headers.has('location'); hop += 1) {
      at = new URL(response.headers.get('location'), at).href;
      if (stopAt !== undefined && at.startsWith(stopAt)) return { landed: new URL(at) };
      response = await request(at);
    }
    return { response, at: new URL(at) };
  }

  /** Sends the first form of a page with more or other fields. */
  async function submit(html, base, fields, stopAt) {
    const action = /<form [^>]*action="([^"]+)"/.exec(html)[1];
    const body = new URLSearchParams();
    for (const [input] of html.matchAll(/<input [^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (name) body.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '');
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    const url = new URL(action, base).href;
    return follow(url, { method: 'POST', body }, stopAt);
  }

  /** A request as a page's script makes it. */
  const cors = (url, init = {}) => fetch(url, { ...init, headers: { origin, ...init.headers } });

  return { request, follow, submit, cors };
}

/** Everything of one authorization request. */
export function authorization(world, { redirectUri = `${world.pagesUrl}plain/`, clientId = world.clientId, ...more } = {}) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(`${world.issuer}/authorize`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access',
    state: randomBytes(16).toString('base64url'),
    nonce: randomBytes(16).toString('base64url'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  });
  return { url: url.href, verifier, redirectUri, clientId };
}

/** Signs in with the login page; returns the callback URL and the request it answers. */
export async function login(world, agent, { username = 'ada', action = 'login', ...more } = {}) {
  const request = authorization(world, more);
  const { response, at, landed } = await agent.follow(request.url, undefined, request.redirectUri);
  if (landed) return { request, landed };
  const html = await response.text();
  const result = await agent.submit(html, at, { username, action }, request.redirectUri);
  return { request, ...result };
}

export function tokenRequest(world, agent, body) {
  return agent.cors(`${world.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: world.clientId, ...body }),
  });
}

/** Login and code exchange; returns the token answer. */
export async function signIn(world, agent, options) {
  const { request, landed } = await login(world, agent, options);
  const response = await tokenRequest(world, agent, {
    grant_type: 'authorization_code',
    client_id: request.clientId,
    code: landed.searchParams.get('code'),
    redirect_uri: request.redirectUri,
    code_verifier: request.verifier,
  });
  return { response, tokens: await response.json(), request, landed };
}

export const refresh = (world, agent, refresh_token, more) =>
  tokenRequest(world, agent, { grant_type: 'refresh_token', refresh_token, ...more });

/** The JSON of one part of a JWT. */
export const jwtPart = (jwt, index) => JSON.parse(Buffer.from(jwt.split('.')[index], 'base64url'));
