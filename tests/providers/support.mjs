// A browser app in as few lines as it takes, for what the emulation and the proxy must do without one.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createTokenProxy } from '../../www-example/proxy/token-proxy.mjs';

export const CLIENT = { clientId: 'app', redirectUri: 'http://localhost:1/app/', origin: 'http://localhost:1' };

/** Starts a server on a free port of this machine; gives its address and what stops it. */
export const serve = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler).listen(0, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        stop: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
      }),
    );
  });

/** A proxy before the token endpoint of one of the emulation's providers. */
export const proxyFor = (emulation, facts, secret, options = {}) =>
  serve(createTokenProxy({ ...CLIENT, tokenEndpoint: emulation.at(facts.token), clientSecret: secret, ...options }));

/** Logs in at the authorization endpoint; gives what the callback says, and the verifier. */
export const authorize = async (endpoint, parameters = {}) => {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL(endpoint);
  const all = {
    client_id: CLIENT.clientId,
    redirect_uri: CLIENT.redirectUri,
    response_type: 'code',
    state: 's',
    nonce: 'n',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  const response = await fetch(url, { redirect: 'manual' });
  const location = new URL(response.headers.get('location'));
  return { ...Object.fromEntries(location.searchParams), verifier };
};

/** A token request as the page sends it. */
export const post = async (endpoint, form, headers = {}) => {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { accept: 'application/json', origin: CLIENT.origin, ...headers },
    body: new URLSearchParams({ client_id: CLIENT.clientId, ...form }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const body = type.includes('json') ? JSON.parse(text) : type.includes('urlencoded') ? Object.fromEntries(new URLSearchParams(text)) : text;
  return { status: response.status, body, type, allowed: response.headers.get('access-control-allow-origin') };
};

export const redeem = (endpoint, { code, verifier }, headers) =>
  post(endpoint, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CLIENT.redirectUri }, headers);

export const refresh = (endpoint, refresh_token, headers) => post(endpoint, { grant_type: 'refresh_token', refresh_token }, headers);
