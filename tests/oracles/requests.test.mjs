// Requests as others build and read them: S256 challenges, the verifier's format, form encoding.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import { CLIENT, REDIRECT, chance, metadata, open } from './ours.mjs';

// What a form has to escape, or must not.
const TEXTS = [
  ' ', '+', '%', '%20', '&', '=', '#', '?', '/', ':', '*-._~!\'()', '"<>\\^`{|}', '\u0000\n\r\t\u007f', 'ä€😀', '\ufeff', '\u2028',
];

const server = { keys: [] };
const client = await open(server, { scope: 'api', discovery: 'oauth', tokenParams: { audience: TEXTS.join('') } });
after(() => client.close());

const answer = { access_token: 'at', token_type: 'Bearer' };

/** One login; gives the authorization request and the body of the token request. */
const exchange = async (args, code = 'c0de') => {
  const url = await client.login(args);
  server.answer = () => answer;
  await client.comeBack(`${REDIRECT}?${new URLSearchParams({ code, state: url.searchParams.get('state') })}`);
  return { url, body: client.sent };
};

test('the challenge is that of the verifier, and no verifier comes twice', async () => {
  const seen = new Set();
  for (let i = 0; i < 200; i++) {
    const { url, body } = await exchange();
    const verifier = new URLSearchParams(body).get('code_verifier');
    assert.match(verifier, /^[A-Za-z0-9\-._~]{43,128}$/);
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
    assert.equal(url.searchParams.get('code_challenge'), await oauth.calculatePKCECodeChallenge(verifier));
    for (const value of [verifier, url.searchParams.get('state'), url.searchParams.get('nonce')]) {
      assert.ok(!seen.has(value));
      seen.add(value);
    }
  }
});

test('a form is written as URLSearchParams writes it', async () => {
  const { below, pick } = chance(7);
  for (let i = 0; i < 300; i++) {
    const text = Array.from({ length: below(12) }, () => pick(TEXTS)).join('');
    const { url, body } = await exchange({ extraParams: { [`x${text}`]: text || 'y' } }, `c${text}`);
    assert.equal(body, new URLSearchParams(body).toString());
    assert.equal(new URLSearchParams(body).get('code'), `c${text}`);
    const query = url.href.slice(url.href.indexOf('?') + 1);
    assert.equal(query, new URLSearchParams(query).toString());
    assert.equal(url.searchParams.get(`x${text}`), text || 'y');
  }
});

test('the token request is the one that oauth4webapi makes', async () => {
  const { url, body } = await exchange({ loginHint: 'a@b' }, 'a +&=ä');
  const form = new URLSearchParams(body);
  let theirs;
  const state = url.searchParams.get('state');
  const as = { ...metadata };
  const params = oauth.validateAuthResponse(as, { client_id: CLIENT }, new URLSearchParams({ code: 'a +&=ä', state }), state);
  await oauth.authorizationCodeGrantRequest(as, { client_id: CLIENT }, oauth.None(), params, REDIRECT, form.get('code_verifier'), {
    additionalParameters: { audience: TEXTS.join('') },
    [oauth.customFetch]: async (_url, init) => {
      theirs = new URLSearchParams(init.body);
      return Response.json(answer);
    },
  });
  const sorted = (params) => [...params].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sorted(form), sorted(theirs));
});
