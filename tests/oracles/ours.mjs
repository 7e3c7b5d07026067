// The module that ships, in Node: the facade's place is taken by a host of a few lines, the network's by a function.

import { readFileSync } from 'node:fs';

const dist = new URL('../../pkg/dist/', import.meta.url);
const { instantiate } = await import(new URL('glue.js', dist));
const { createLimit } = await import(new URL('limit.js', dist));
const { verify } = await import(new URL('verify.js', dist));
const module = await WebAssembly.compile(readFileSync(new URL('tokenward.wasm', dist)));

export const ISSUER = 'https://id.example.com';
export const CLIENT = 'spa';
export const REDIRECT = 'https://app.example.com/callback';

export const metadata = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
};

const json = (value, init) =>
  new Response(typeof value === 'string' ? value : JSON.stringify(value), {
    headers: { 'content-type': 'application/json' },
    ...init,
  });

/**
 * A client. `server.keys` is its key set, `server.answer(form)` what its token endpoint says: a body or a Response.
 * `document`: members laid over the metadata.
 */
export async function open(server, options = {}, document = {}) {
  const records = new Map();
  const pending = new Map();
  let trap;
  let timer;
  let core;
  let next = 0;
  const host = {
    settle: (op, ok, value) => {
      const { resolve, reject } = pending.get(op);
      pending.delete(op);
      ok ? resolve(value) : reject(Object.assign(new Error(value.message), value));
    },
    session: () => {},
    token: () => {},
    event: () => {},
    cleanUrl: () => {},
    keep: (job, verb, key, record) => {
      if (verb === 'store') records.set(key, record);
      const taken = verb === 'take' ? records.get(key) : undefined;
      if (verb === 'take') records.delete(key);
      queueMicrotask(() => core.kept(job, 'done', taken, records.size > 0 ? '' : undefined));
    },
    poison: (cause) => (trap = cause),
    wake: (after) => {
      clearTimeout(timer);
      if (after >= 0) timer = setTimeout(() => core.happened(0), after);
    },
    rest: () => {},
    limit: createLimit,
    verify,
  };
  const { Core } = await instantiate(module, host.poison);
  core = new Core({ issuer: ISSUER, clientId: CLIENT, redirectUri: REDIRECT, ...options }, { pageUrl: REDIRECT }, host);

  const call = (name, args) =>
    new Promise((resolve, reject) => {
      const op = next++;
      pending.set(op, { resolve, reject });
      core.call(op, name, args);
      if (trap) reject(trap);
    });

  const client = {
    /** The body of the last token request, as it was sent. */
    sent: undefined,
    /** Where the login leads. */
    login: async (args) => new URL((await call('login', args)).url),
    /** The page with the response; resolves with null when it is not one. */
    comeBack: (url) => call('handleRedirect', { url: String(url) }),
    getToken: () => call('getToken', {}),
    /** Nothing of this client goes on. */
    close: () => core.dispose(),
    /**
     * A whole login: `answer(request)` is the token answer for the authorization request, given as its parameters.
     * Gives undefined, or the code of the refusal.
     */
    verdict: async (answer, args) => {
      const url = await client.login(args);
      const request = Object.fromEntries(url.searchParams);
      server.answer = () => answer(request);
      const back = `${REDIRECT}?${new URLSearchParams({ code: 'c0de', state: request.state })}`;
      try {
        await client.comeBack(back);
      } catch (error) {
        if (!error.code) throw error;
        return error.code;
      }
      return undefined;
    },
  };

  globalThis.fetch = async (request) => {
    switch (request.url) {
      case `${ISSUER}/.well-known/openid-configuration`:
      case `${ISSUER}/.well-known/oauth-authorization-server`:
        return json({ ...metadata, ...document });
      case metadata.jwks_uri:
        return json({ keys: server.keys });
      case metadata.token_endpoint: {
        client.sent = await request.text();
        const body = await server.answer(new URLSearchParams(client.sent));
        return body instanceof Response ? body : json(body);
      }
      default:
        throw new TypeError(`nobody is at ${request.url}`);
    }
  };
  return client;
}

/** Numbers that are the same in every run. */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(next() * bound);
  return { below, pick: (list) => list[below(list.length)] };
}
