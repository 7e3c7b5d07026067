// B. What an ID token says, well signed.

import * as claim from '../provider/faults/claims.mjs';
import { accept, refuse } from './attack.mjs';

const { claims, at } = claim;
const WEEK = 7 * 86_400;

export default [
  refuse('B01', 'another issuer', claims({ iss: 'https://evil.example/' }), 'id_token_issuer'),
  refuse('B01', 'no issuer', claims({ iss: undefined }), 'id_token_issuer'),
  refuse('B01', 'the issuer without its slash', claims(({ iss }) => ({ iss: iss.slice(0, -1) })), 'id_token_issuer'),
  refuse('B01', 'the issuer in capitals', claims(({ iss }) => ({ iss: iss.toUpperCase() })), 'id_token_issuer'),
  refuse('B02', 'no subject', claims({ sub: undefined }), 'id_token_subject'),
  refuse('B02', 'an empty subject', claims({ sub: '' }), 'id_token_subject'),
  refuse('B02', 'a number as subject', claims({ sub: 7 }), 'id_token_subject'),
  refuse('B02', 'a subject of 300 characters', claims({ sub: 'a'.repeat(300) }), 'id_token_subject'),
  refuse('B03', 'another audience', claims({ aud: 'other' }), 'id_token_audience'),
  refuse('B03', 'no audience', claims({ aud: undefined }), 'id_token_audience'),
  refuse('B03', 'a second audience that nobody trusts', claims(({ aud }) => ({ aud: [aud, 'other'], azp: 'other' })), 'id_token_audience'),
  accept('B03', 'the right audience in a list', claims(({ aud }) => ({ aud: [aud] }))),
  refuse('B05', 'no expiry', claims({ exp: undefined }), 'id_token_expired'),
  refuse('B05', 'expired ten minutes ago', at({ iat: -1200, exp: -600 }), 'id_token_expired'),
  refuse('B06', 'no iat', claims({ iat: undefined }), 'id_token_issued_at'),
  accept('B07', 'issued 30 seconds ahead', at({ iat: 30 })),
  accept('B07', 'issued four minutes ahead', at({ iat: 240, exp: 1000 })),
  refuse('B07', 'issued six minutes ahead', at({ iat: 360, exp: 1000 }), 'id_token_issued_at'),
  refuse('B07', 'valid only in six minutes', at({ nbf: 360, exp: 1000 }), 'id_token_not_before'),
  refuse('B08', 'issued a week ago, not expired', at({ iat: -WEEK }), { code: 'id_token_issued_at', fine: ['accepts'] }),
  refuse('B09', 'no nonce', claims({ nonce: undefined }), 'id_token_nonce'),
  refuse('B09', 'another nonce', claims({ nonce: 'other' }), 'id_token_nonce'),
  refuse('B11', 'an acr that is weaker than required', claims({ acr: 'bronze' }), { code: 'id_token_acr', login: { requiredAcr: ['gold'] }, ours: 'no peer has such an option' }),
  accept('B11', 'an acr that was only wished for is absent', [], { login: { acrValues: ['gold'] }, ours: 'no peer has such an option' }),
  refuse('B12', 'an expiry in words', claims(({ exp }) => ({ exp: String(exp) })), 'id_token_expired'),
  refuse('B12', 'a number as audience', claims({ aud: 7 }), 'id_token_audience'),
  refuse('B12', 'an object as subject', claims({ sub: {} }), 'id_token_subject'),
  refuse('B12', 'an expiry beyond all numbers', claim.payload((text) => text.replace(/"exp":\d+/, '"exp":1e400')), 'id_token_malformed'),
  refuse('B12', 'a negative expiry', claims({ exp: -1 }), 'id_token_expired'),
  accept('B12', 'fractions of seconds', claims(({ exp, iat }) => ({ exp: exp + 0.5, iat: iat + 0.5 }))),
  refuse('B13', 'the hash of another access token', claim.atHash('sha256', 'another'), { code: 'id_token_at_hash', fine: ['accepts'] }),
  refuse('B13', 'the hash by another function', claim.atHash('sha512'), { code: 'id_token_at_hash', fine: ['accepts'] }),
  accept('B13', 'the right hash', claim.atHash('sha256')),
  refuse('B14', 'no ID token', claim.noIdToken(), 'id_token_missing'),
];
