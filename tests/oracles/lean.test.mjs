// Two modules ship. What one of them lacks it must refuse, and the facade must know it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLIENT, ISSUER, REDIRECT } from './ours.mjs';

const dist = new URL('../../pkg/dist/', import.meta.url);
const { instantiate } = await import(new URL('glue.js', dist));
const { needsWhole } = await import(new URL('client.js', dist));
const compile = (name) => WebAssembly.compile(readFileSync(new URL(name, dist)));
const [whole, lean] = await Promise.all(['tokenward.wasm', 'tokenward-lean.wasm'].map(compile));

/** Values that an app may give, of every option that reaches the engine. */
const VALUES = {
  issuer: [ISSUER],
  clientId: [CLIENT],
  redirectUri: [REDIRECT],
  postLogoutRedirectUri: [REDIRECT],
  scope: ['openid email'],
  discovery: ['oauth', false],
  metadata: [{}],
  resource: ['https://api.example.com'],
  extraParams: [{ audience: 'x' }],
  tokenParams: [{ audience: 'x' }],
  repairs: [[], ['form-answer'], ['scope-list', 'scope-on-refresh']],
  sessionLifetime: [3600],
  logoutUriParam: ['returnTo'],
  idTokenAlgorithms: [['RS256']],
  requirePkce: [true],
  trustedAudiences: [['other']],
  leeway: [10],
  freshness: [60],
  minValidity: [30],
  renewal: ['automatic', 'on-demand'],
  timeout: [5],
  responseType: ['code'],
  dangerously: [{}],
  persistence: ['memory', 'sealed'],
  par: ['auto', 'required', 'off'],
  dpop: ['off', 'preferred', 'required'],
  engine: ['auto', 'whole'],
};

const host = Object.fromEntries(
  ['settle', 'session', 'token', 'event', 'cleanUrl', 'keep', 'prove', 'poison', 'wake', 'rest', 'limit', 'verify'].map((name) => [name, () => {}]),
);

/** What a module says of options: nothing, or an error. */
const verdict = async (module, options) => {
  const { Core } = await instantiate(module, () => {});
  try {
    new Core({ issuer: ISSUER, clientId: CLIENT, redirectUri: REDIRECT, ...options }, {}, host).dispose();
    return undefined;
  } catch (error) {
    return error;
  }
};

test('every option of the engine is looked at here', () => {
  const config = readFileSync(new URL('../../src/config.rs', import.meta.url), 'utf8');
  const [, list] = /const KNOWN: &str = "([^"]+)"/.exec(config);
  const own = ['apis', 'exposeAccessToken', 'handleRedirect', 'monitorSession', 'provider', 'vault'];
  const known = list.split(/[\s\\]+/).filter((name) => !own.includes(name));
  assert.deepEqual(Object.keys(VALUES).sort(), known.sort());
});

test('the whole module takes every value, the lean one refuses those that the facade loads the whole one for', async () => {
  let refused = 0;
  for (const [name, values] of Object.entries(VALUES)) {
    for (const value of values) {
      const options = { [name]: value };
      const shown = JSON.stringify(options);
      assert.equal(await verdict(whole, options), undefined, shown);
      const error = await verdict(lean, options);
      assert.equal(error !== undefined, needsWhole(options), shown);
      if (!error) continue;
      refused += 1;
      assert.deepEqual([error.code, error.path, error.phase], ['feature_missing', name, 'options'], shown);
    }
  }
  assert.equal(refused, 6);
});

test('a value that is wrong is wrong in both', async () => {
  for (const [name, value] of [['persistence', 'disk'], ['repairs', 7], ['dpop', true], ['engine', 'lean']]) {
    for (const module of [whole, lean]) {
      const { code, path } = await verdict(module, { [name]: value });
      assert.deepEqual([code, path], ['option_invalid', name]);
    }
  }
});
