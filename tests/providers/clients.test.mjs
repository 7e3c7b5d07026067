// octokit, axios and graphql-request with auth.fetch or getToken: docs/recipes.md, run. The package's own fetch, with a stand-in
// for the engine that gives the tokens.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import axios from 'axios';
import { GraphQLClient, gql } from 'graphql-request';
import { Octokit } from 'octokit';
import { serve } from './support.mjs';

const { readApis } = await import('../../pkg/dist/apis.js');
const { bearer, createFetch } = await import('../../pkg/dist/fetch.js');

let api;
let other;
/** The token the API takes; the one the session has; how often it was renewed; what came. */
let taken;
let held;
let renewals;
const seen = [];

const body = async (req) => {
  let text = '';
  for await (const chunk of req) text += chunk;
  return text;
};

before(async () => {
  api = await serve(async (req, res) => {
    const text = await body(req);
    seen.push({ method: req.method, path: req.url, authorization: req.headers.authorization, body: text, accept: req.headers.accept });
    const allowed = req.headers.authorization === `Bearer ${taken}`;
    const answer = req.url === '/graphql' ? { data: { me: { name: 'Ada' } } } : { login: 'ada', said: text && JSON.parse(text) };
    res.writeHead(allowed ? 200 : 401, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(allowed ? answer : { message: 'Bad credentials' }));
  });
  other = await serve((req, res) => {
    seen.push({ elsewhere: true, authorization: req.headers.authorization });
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
  });
});
after(() => Promise.all([api.stop(), other.stop()]));
beforeEach(() => {
  taken = held = 'one';
  renewals = 0;
  seen.length = 0;
});

/** An AuthClient as far as these libraries meet it. */
const signedIn = () => {
  const renew = () => {
    renewals += 1;
    held = taken;
    return held;
  };
  const token = async (args) => ({ token: args?.rejected === undefined ? held : renew(), serial: renewals });
  return {
    fetch: createFetch(readApis([api.url], '127.0.0.1'), bearer(token)),
    getToken: async ({ fresh = false } = {}) => (fresh ? renew() : held),
  };
};

/** The API stops taking the token that the session has. */
const expire = () => {
  taken = 'two';
};

const makeOctokit = (auth, baseUrl) => new Octokit({ baseUrl, request: { fetch: auth.fetch }, retry: { enabled: false } });

test('octokit with auth.fetch', async () => {
  const octokit = makeOctokit(signedIn(), api.url);
  assert.equal((await octokit.rest.users.getAuthenticated()).data.login, 'ada');
  assert.deepEqual((await octokit.request('POST /user/repos', { name: 'x' })).data.said, { name: 'x' });
  assert.ok(seen.every(({ authorization, accept }) => authorization === 'Bearer one' && accept.includes('github')));
  expire();
  assert.deepEqual((await octokit.request('POST /user/repos', { name: 'y' })).data.said, { name: 'y' });
  assert.equal(renewals, 1);
  assert.deepEqual(seen.slice(2).map(({ authorization }) => authorization), ['Bearer one', 'Bearer two']);
});

test('octokit with auth.fetch sends no token to what is not in apis', async () => {
  await assert.rejects(makeOctokit(signedIn(), other.url).request('GET /user'), /api_not_allowed/);
  assert.deepEqual(seen, []);
});

const withToken = (auth) => {
  const http = axios.create({ baseURL: api.url });
  http.interceptors.request.use(async (config) => {
    config.headers.set('Authorization', `Bearer ${await auth.getToken()}`);
    return config;
  });
  return http;
};

test('axios with getToken', async () => {
  const http = withToken(signedIn());
  assert.equal((await http.get('/me')).data.login, 'ada');
  assert.deepEqual((await http.post('/notes', { text: 'x' })).data.said, { text: 'x' });
  assert.ok(seen.every(({ authorization }) => authorization === 'Bearer one'));
});

test('axios with getToken, and one retry after a 401', async () => {
  const auth = signedIn();
  const http = withToken(auth);
  http.interceptors.response.use(undefined, async (error) => {
    const { config, response } = error;
    if (response?.status !== 401 || config.retried) throw error;
    await auth.getToken({ fresh: true });
    return http({ ...config, retried: true });
  });
  expire();
  assert.deepEqual((await http.post('/notes', { text: 'x' })).data.said, { text: 'x' });
  assert.deepEqual(seen.map(({ authorization }) => authorization), ['Bearer one', 'Bearer two']);
  // A token that no renewal mends is tried twice, not for ever.
  const stays = signedIn();
  stays.getToken = async () => 'wrong';
  const broken = withToken(stays);
  broken.interceptors.response.use(undefined, (error) => (error.config.retried ? Promise.reject(error) : broken({ ...error.config, retried: true })));
  await assert.rejects(broken.get('/me'), { status: 401 });
});

test('axios with auth.fetch', async () => {
  const auth = signedIn();
  const http = axios.create({ baseURL: api.url, adapter: 'fetch', env: { fetch: auth.fetch, Request: null, Response: null } });
  assert.equal((await http.get('/me')).data.login, 'ada');
  expire();
  assert.deepEqual((await http.post('/notes', { text: 'y' })).data.said, { text: 'y' });
  assert.equal(renewals, 1);
  await assert.rejects(http.get(`${other.url}/me`), (error) => /api_not_allowed/.test(`${error.message} ${error.cause?.message}`));
  assert.ok(seen.every(({ elsewhere }) => !elsewhere));
});

test('graphql-request with auth.fetch', async () => {
  const client = new GraphQLClient(`${api.url}/graphql`, { fetch: signedIn().fetch });
  const query = gql`query { me { name } }`;
  assert.deepEqual(await client.request(query), { me: { name: 'Ada' } });
  expire();
  assert.deepEqual(await client.request(query), { me: { name: 'Ada' } });
  assert.equal(renewals, 1);
  assert.deepEqual(seen.map(({ authorization }) => authorization), ['Bearer one', 'Bearer one', 'Bearer two']);
  assert.ok(seen.every(({ body }) => JSON.parse(body).query.includes('name')));
  const elsewhere = new GraphQLClient(`${other.url}/graphql`, { fetch: signedIn().fetch });
  await assert.rejects(elsewhere.request(query), /api_not_allowed/);
});
