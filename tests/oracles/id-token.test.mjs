// ID-token claims as `oauth4webapi` judges them: thousands of claim sets with small mutations. Where the two differ,
// the difference is in the list below with its reason, or the test fails; so is one that is listed and not seen any more.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import { CLIENT, ISSUER, chance, metadata, open } from './ours.mjs';

const CASES = 3000;
const LEEWAY = 300;
const FRESHNESS = 600;
const TRUSTED = 'https://api.example.com';
const ACCESS = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';

// Both read this clock; stopped, it lets times stand exactly at their bounds.
const now = Math.floor(Date.now() / 1000);
Date.now = () => now * 1000;

const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
const server = { keys: [{ ...(await jose.exportJWK(publicKey)), kid: 'k' }] };
const client = await open(server, { trustedAudiences: [TRUSTED] });
after(() => client.close());

const halfHash = async (text) => {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return jose.base64url.encode(new Uint8Array(digest).subarray(0, 16));
};
const AT_HASH = await halfHash(ACCESS);
const OTHER_HASH = await halfHash('another');

const ABSENT = Symbol('absent');
const WRONG_TYPES = [null, true, 7, '7', '', [], {}, ABSENT];

/** What a claim can be instead; times also at their bounds and a second off. */
const mutations = (nonce) => ({
  iss: [...WRONG_TYPES, `${ISSUER}/`, ISSUER.toUpperCase(), 'https://evil.example.com', [ISSUER]],
  sub: [...WRONG_TYPES, 'bob', 'x'.repeat(255), 'x'.repeat(256), 'ä'],
  aud: [
    ...WRONG_TYPES, 'other', [CLIENT], [CLIENT, CLIENT], [CLIENT, 'other'], [CLIENT, TRUSTED], [TRUSTED], [CLIENT, 7],
    [CLIENT, null], `${CLIENT} other`, CLIENT.toUpperCase(),
  ],
  azp: [...WRONG_TYPES, CLIENT, 'other', TRUSTED],
  exp: [...WRONG_TYPES, now - 1, now - LEEWAY + 1, now - LEEWAY, now - LEEWAY - 1, now + 0.5, -now, 1e300, String(now + 600)],
  iat: [
    ...WRONG_TYPES, now - FRESHNESS, now - FRESHNESS - LEEWAY, now + LEEWAY, now - FRESHNESS - LEEWAY + 1, now - FRESHNESS - LEEWAY - 1, now + LEEWAY - 1,
    now + LEEWAY + 1, now + 0.5, -1, String(now),
  ],
  nbf: [...WRONG_TYPES, now, now + LEEWAY, now + LEEWAY - 1, now + LEEWAY + 1, now - 1e6, now + 0.5, -1, String(now)],
  nonce: [...WRONG_TYPES, `${nonce}x`, nonce.toLowerCase(), [nonce]],
  auth_time: [...WRONG_TYPES, now, now - 1000, now - 60 - LEEWAY, now - 60 - LEEWAY + 1, now - 60 - LEEWAY - 1, now + 1e6, -1, 0.5],
  acr: [...WRONG_TYPES, 'phr', 'pwd'],
  amr: [...WRONG_TYPES, ['pwd'], [7]],
  at_hash: [...WRONG_TYPES, AT_HASH, OTHER_HASH, AT_HASH.slice(1)],
  extra: [...WRONG_TYPES, { deep: [{ er: 1 }] }],
});

const mutate = ({ below, pick }, base, table) => {
  const claims = { ...base };
  for (let count = below(4); count > 0; count--) {
    const name = pick(Object.keys(table));
    const value = pick(table[name]);
    if (value === ABSENT) delete claims[name];
    else claims[name] = value;
  }
  return claims;
};

const as = { ...metadata, id_token_signing_alg_values_supported: ['ES256'] };
const oracle = { client_id: CLIENT, [oauth.clockTolerance]: LEEWAY };

/** The judge: the claims first, then the signature, as its documentation says. */
const judge = async (body, request) => {
  const response = Response.json(body);
  const asked = { expectedNonce: request.nonce, requireIdToken: true };
  if (request.max_age !== undefined) asked.maxAge = Number(request.max_age);
  try {
    await oauth.processAuthorizationCodeResponse(as, oracle, response, asked);
    await oauth.validateApplicationLevelSignature(as, response, {
      [oauth.customFetch]: async () => Response.json({ keys: server.keys }),
    });
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError) && !(error instanceof oauth.UnsupportedOperationError)) throw error;
    return error.message;
  }
  return undefined;
};

const isNumber = (value) => typeof value === 'number';
const audiences = (claims) => [claims.aud].flat();

/** Where the two may differ, and why. */
const DIFFERENCES = [
  {
    kind: 'stricter',
    code: 'id_token_issued_at',
    why: 'RFC 7519 4.1.6 and OIDC Core 3.1.3.7 (10): made in the future, or too long ago for this login',
    holds: ({ claims }) =>
      isNumber(claims.iat) && (claims.iat < 0 || claims.iat > now + LEEWAY || claims.iat < now - FRESHNESS - LEEWAY),
  },
  {
    kind: 'stricter',
    code: 'id_token_not_before',
    why: 'RFC 7519 2: a NumericDate is not negative',
    holds: ({ claims }) => isNumber(claims.nbf) && claims.nbf < 0,
  },
  {
    kind: 'stricter',
    code: 'id_token_subject',
    why: 'OIDC Core 2: 1 to 255 ASCII characters',
    holds: ({ claims }) => claims.sub.length === 0 || claims.sub.length > 255 || /[^\x00-\x7f]/.test(claims.sub),
  },
  {
    kind: 'stricter',
    code: 'id_token_audience',
    why: 'OIDC Core 3.1.3.7 (3): an audience that is not trusted',
    holds: ({ claims }) => audiences(claims).some((audience) => audience !== CLIENT && audience !== TRUSTED),
  },
  {
    kind: 'stricter',
    code: 'id_token_at_hash',
    why: 'OIDC Core 3.1.3.8: what is there must fit',
    holds: ({ claims }) => claims.at_hash !== undefined && claims.at_hash !== AT_HASH,
  },
  {
    kind: 'stricter',
    code: 'id_token_acr',
    why: 'OIDC Core 3.1.3.7 (12): the app required a value',
    holds: ({ claims, request }) => request.acr_values !== undefined && claims.acr !== 'phr',
  },
  {
    kind: 'laxer',
    why: 'OIDC Core 3.1.3.7 (3, 4): the only audience is this client, though it is named twice',
    holds: ({ claims }) => audiences(claims).length > 1 && audiences(claims).every((audience) => audience === CLIENT),
  },
  {
    kind: 'laxer',
    why: 'null stands for an optional claim that is not there',
    holds: ({ claims, theirs }) =>
      ['nbf', 'auth_time'].some((name) => claims[name] === null && theirs.includes(`"${name}"`)),
  },
];

test('claims: ours and oauth4webapi', async (t) => {
  const random = chance(20);
  const seen = new Set();
  const unlisted = new Map();
  const verdicts = { both: 0, neither: 0, stricter: 0, laxer: 0 };
  for (let i = 0; i < CASES; i++) {
    let body;
    let claims;
    let request;
    const args = random.pick([{}, {}, { maxAge: 60 }, { requiredAcr: 'phr' }]);
    const ours = await client.verdict(async (asked) => {
      request = asked;
      const base = {
        iss: ISSUER, sub: 'alice', aud: CLIENT, exp: now + 600, iat: now, nonce: asked.nonce, auth_time: now, acr: 'phr',
        ...random.pick([{}, {}, {}, {}, { aud: [CLIENT, TRUSTED], azp: CLIENT }, { aud: [CLIENT, 'other'], azp: CLIENT }]),
      };
      claims = mutate(random, base, mutations(asked.nonce));
      const id_token = await new jose.CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .sign(privateKey);
      body = { access_token: ACCESS, token_type: 'Bearer', id_token };
      return body;
    }, args);
    const theirs = await judge(body, request);
    const about = { claims, request };
    if ((ours === undefined) === (theirs === undefined)) {
      verdicts[ours === undefined ? 'both' : 'neither']++;
      continue;
    }
    const kind = ours === undefined ? 'laxer' : 'stricter';
    verdicts[kind]++;
    const known = DIFFERENCES.find((one) => one.kind === kind && one.code === ours && one.holds({ ...about, theirs }));
    if (known) seen.add(known);
    else unlisted.set(`${kind} ${ours ?? theirs}`, JSON.stringify({ ours, theirs, args, claims }));
  }
  t.diagnostic(JSON.stringify(verdicts));
  // Agreement about nothing would be no agreement, and a difference that is never seen is none.
  assert.ok(verdicts.both > CASES / 5 && verdicts.neither > CASES / 5, JSON.stringify(verdicts));
  assert.deepEqual(Object.fromEntries(unlisted), {}, 'differences without a reason');
  for (const difference of DIFFERENCES) assert.ok(seen.has(difference), `listed and never seen: ${difference.why}`);
});
