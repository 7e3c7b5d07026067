// Authorization responses and token answers as `oauth4webapi` judges them. Where the two differ, the difference is in
// the list of its test with its reason; one that is listed and never seen fails too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { CLIENT, ISSUER, REDIRECT, chance, metadata, open } from './ours.mjs';

const PLAIN = { scope: 'api', discovery: 'oauth' };
const client_id = CLIENT;

/** Runs the cases; `differences`: what may differ, by name, each to be seen at least once. */
const compare = async (t, cases, differences) => {
  const seen = new Set();
  const unlisted = new Map();
  const verdicts = { both: 0, neither: 0, stricter: 0, laxer: 0 };
  for (const { ours, theirs, about } of cases) {
    if ((ours === undefined) === (theirs === undefined)) {
      verdicts[ours === undefined ? 'both' : 'neither']++;
      continue;
    }
    const kind = ours === undefined ? 'laxer' : 'stricter';
    verdicts[kind]++;
    const known = differences.find((difference) => difference.kind === kind && difference.code === ours && difference.holds({ ...about, theirs }));
    if (known) seen.add(known);
    else unlisted.set(`${kind} ${ours ?? theirs}`, JSON.stringify(about));
  }
  t.diagnostic(JSON.stringify(verdicts));
  assert.ok(verdicts.both > cases.length / 10 && verdicts.neither > cases.length / 10);
  assert.deepEqual(Object.fromEntries(unlisted), {}, 'differences without a reason');
  for (const difference of differences) assert.ok(seen.has(difference), `listed and never seen: ${difference.why}`);
};

test('authorization responses', async (t) => {
  const server = { keys: [], answer: () => ({ access_token: 'at', token_type: 'Bearer' }) };
  const { below, pick } = chance(3);
  const cases = [];
  for (const announced of [false, true]) {
    const document = { authorization_response_iss_parameter_supported: announced };
    const client = await open(server, PLAIN, document);
    for (let i = 0; i < 400; i++) {
      const state = (await client.login()).searchParams.get('state');
      const params = new URLSearchParams({ code: 'c0de', state, iss: ISSUER });
      for (let count = below(4); count > 0; count--) {
        const name = pick(['code', 'state', 'iss', 'error', 'session_state', 'response']);
        const value = pick({
          code: ['', 'other'],
          state: ['', 'other', `${state}x`, state.toUpperCase(), state],
          iss: ['', `${ISSUER}/`, ISSUER.toUpperCase(), 'https://evil.example.com', ISSUER],
          error: ['', 'access_denied', 'login_required', '"'],
          session_state: ['', 'x'],
          response: ['x'],
        }[name]);
        pick([() => params.set(name, value), () => params.append(name, value), () => params.delete(name)])();
      }
      client.sent = undefined;
      const ours = await client.comeBack(`${REDIRECT}?${params}`).then(
        (result) => (result ? undefined : 'not ours'),
        (error) => error.code ?? assert.fail(error),
      );
      assert.equal(client.sent !== undefined, ours === undefined, 'a code is redeemed only when the response is right');
      let theirs;
      try {
        const found = oauth.validateAuthResponse({ ...metadata, ...document }, { client_id }, params, state);
        if (!found.get('code')) theirs = 'no code';
      } catch (error) {
        theirs = error.message;
      }
      cases.push({ ours, theirs, about: { params: [...params], announced } });
    }
    client.close();
  }
  const times = ({ params }, name) => params.filter(([own]) => own === name).length;
  await compare(t, cases, [
    {
      kind: 'stricter',
      code: 'callback_malformed',
      why: 'RFC 6749 3.1: no parameter twice, the code neither',
      holds: (about) => times(about, 'code') > 1,
    },
    {
      kind: 'laxer',
      why: 'RFC 6749 4.1.2: what is not known is ignored; a signed response was not asked for',
      holds: (about) => times(about, 'response') > 0,
    },
  ]);
});

test('token answers', async (t) => {
  const server = { keys: [] };
  const client = await open(server, PLAIN);
  const { below, pick } = chance(5);
  const WRONG = [null, true, 7, '', [], {}];
  const members = {
    access_token: [...WRONG, 'a b', 'a\r\nb', 'ä', 'x'.repeat(5000)],
    token_type: [...WRONG, 'bEARER', 'mac', 'N_A', 'DPoP', 'Bearer '],
    expires_in: [...WRONG, '3600', '1.5', 'soon', -1, 0, 59.5, 1e11],
    refresh_token: [...WRONG, 'rt', 'a b'],
    scope: [...WRONG, 'api', 'other api', 'a"b', ' '],
    error: [...WRONG, 'invalid_grant'],
    extra: WRONG,
  };
  const cases = [];
  for (let i = 0; i < 1200; i++) {
    const body = { access_token: 'at', token_type: 'Bearer' };
    for (let count = below(4); count > 0; count--) {
      const name = pick(Object.keys(members));
      body[name] = pick(members[name]);
    }
    const status = pick([200, 200, 200, 200, 200, 200, 201, 400]);
    const type = pick(['application/json', 'application/json', 'application/json; charset=utf-8', 'Application/JSON', 'text/html', 'application/problem+json']);
    const make = () => new Response(JSON.stringify(body), { status, headers: { 'content-type': type } });
    const ours = await client.verdict(make);
    const theirs = await oauth.processAuthorizationCodeResponse({ ...metadata }, { client_id }, make()).then(
      () => undefined,
      (error) => error.message,
    );
    cases.push({ ours, theirs, about: { body, status, type } });
  }
  client.close();
  const given = ({ body }, name) => body[name] !== undefined && body[name] !== null;
  await compare(t, cases, [
    {
      kind: 'stricter',
      code: 'token_refused',
      why: 'RFC 6749 5.2: an answer with an error is one, whatever its status and whatever is beside it',
      holds: (about) => given(about, 'error'),
    },
    {
      kind: 'stricter',
      code: 'response_invalid',
      why: 'RFC 6749 5.1: the answer is JSON and says so',
      holds: ({ type }) => type === 'text/html',
    },
    {
      kind: 'stricter',
      code: 'token_response_invalid',
      why: 'RFC 6749 A.12: nothing goes into a header that has no place there',
      holds: ({ body }) => !/^[!-~]+$/.test(body.access_token),
    },
    {
      kind: 'stricter',
      code: 'token_type_unsupported',
      why: 'RFC 6749 7.1: no proof was sent, so a bound token is of no use',
      holds: ({ body }) => body.token_type === 'DPoP',
    },
    {
      kind: 'laxer',
      why: 'RFC 6749 5.1: only recommended; what cannot be read is a lifetime that is not known',
      holds: ({ body, theirs }) => theirs.includes('"expires_in"') && !(body.expires_in > 0 && typeof body.expires_in === 'number'),
    },
    {
      kind: 'laxer',
      why: 'RFC 6749 3.2: optional; what is no token was not sent',
      holds: ({ body, theirs }) => theirs.includes('"refresh_token"') && !(typeof body.refresh_token === 'string' && body.refresh_token),
    },
    {
      kind: 'laxer',
      why: 'RFC 6749 5.1: optional; what is no scope is the one that was asked for',
      holds: ({ body, theirs }) => theirs.includes('"scope"') && typeof body.scope !== 'string',
    },
  ]);
});
