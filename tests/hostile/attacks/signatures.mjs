// C. Signatures and key sets.

import { generateKeyPairSync } from 'node:crypto';
import * as set from '../provider/faults/keysets.mjs';
import * as sig from '../provider/faults/signatures.mjs';
import * as net from '../provider/faults/transport.mjs';
import { payload } from '../provider/faults/claims.mjs';
import { accept, refuse } from './attack.mjs';

const dot = (jws) => jws.split('.');
const b64 = (text) => Buffer.from(text).toString('base64url');
const zeroR = (bytes) => Buffer.concat([Buffer.alloc(32), bytes.subarray(32)]);
const strange = (type, options) => ({ ...generateKeyPairSync(type, options).publicKey.export({ format: 'jwk' }), kid: 'strange', use: 'sig' });
const strangeKey = (jwk, alg) => [
  set.keys((all) => [...all, jwk]),
  // Of the right length, so that it is the key that is looked at.
  sig.by('EdDSA', (right) => ({ ...right, alg, kid: 'strange' })),
];

export default [
  ...['RS256', 'PS256', 'ES256'].map((alg) => accept('C01', alg, sig.signedWith(alg), alg === 'RS256' ? {} : { fine: ['refuses'] })),
  refuse('C02', 'a changed payload, RS256', sig.changedPayload(), 'id_token_signature'),
  refuse('C02', 'a changed signature, RS256', sig.changedSignature(), 'id_token_signature'),
  refuse('C02', 'a changed payload, ES256', [sig.signedWith('ES256'), sig.changedPayload()], 'id_token_signature'),
  refuse('C02', 'a changed signature, ES256', [sig.signedWith('ES256'), sig.changedSignature()], 'id_token_signature'),
  ...['none', 'None', 'nOnE', ''].map((alg) => refuse('C03', `alg "${alg}"`, sig.unsigned(alg), 'id_token_algorithm')),
  refuse('C03', 'alg null', sig.unsigned(null), 'id_token_algorithm'),
  refuse('C03', 'no alg', sig.unsigned(undefined), 'id_token_algorithm'),
  refuse('C04', 'HS256 with the public key as PEM', sig.hmac((key) => key.pem), 'id_token_algorithm'),
  refuse('C04', 'HS256 with the public key as JWK', sig.hmac((key) => JSON.stringify(key.publicJwk)), 'id_token_algorithm'),
  refuse('C04', 'HS256 with the client id', sig.hmac(() => 'e2e'), 'id_token_algorithm'),
  refuse('C04', 'HS256 with nothing', sig.hmac(() => ''), 'id_token_algorithm'),
  accept('C06', 'EdDSA', sig.signedWith('EdDSA'), { fine: ['refuses'] }),
  accept('C06', 'Ed25519, the other name', [sig.signedWith('EdDSA'), set.marked({ alg: undefined }), sig.header({ alg: 'Ed25519' })], { fine: ['refuses'] }),
  refuse('C06', 'an Ed448 key', strangeKey(strange('ed448'), 'EdDSA'), 'id_token_key'),
  refuse('C06', 'an X25519 key', strangeKey(strange('x25519'), 'EdDSA'), 'id_token_key'),
  refuse('C06', 'a point of small order', strangeKey({ kty: 'OKP', crv: 'Ed25519', x: b64(Buffer.alloc(32)), kid: 'strange' }, 'EdDSA'), 'id_token_key'),
  refuse('C07', 'ES256 in DER', sig.ecdsa((_, der) => der()), 'id_token_signature'),
  refuse('C07', 'ES256 of 63 octets', sig.ecdsa((bytes) => bytes.subarray(1)), 'id_token_signature'),
  refuse('C07', 'ES256 of 65 octets', sig.ecdsa((bytes) => Buffer.concat([Buffer.alloc(1), bytes])), 'id_token_signature'),
  refuse('C07', 'ES256 with r = 0', sig.ecdsa(zeroR), 'id_token_signature'),
  refuse('C09', 'the attacker\'s key in the header', sig.byEvil((right, { keys }) => ({ ...right, jwk: keys.evil.publicJwk })), 'id_token_signature'),
  refuse('C09', 'the attacker\'s key set in the header', sig.byEvil((right, { elsewhere, keys }) => ({ ...right, kid: keys.evil.kid, jku: `${elsewhere}/jwks` })), 'id_token_key'),
  refuse('C09', 'the attacker\'s certificate in the header', sig.byEvil((right, { elsewhere }) => ({ ...right, x5u: `${elsewhere}/x5u`, x5c: ['MIIB'] })), 'id_token_signature'),
  refuse('C09', 'the attacker\'s key under the issuer\'s name', sig.byEvil(), 'id_token_signature'),
  accept('C11', 'no kid, one key', [set.nameless(['RS256']), sig.header({ kid: undefined })]),
  accept('C11', 'no kid, one fitting key among others', [set.nameless(['ES256', 'EdDSA', 'RS256']), sig.header({ kid: undefined })]),
  accept('C11', 'no kid, several fitting keys', [set.keys((all, { keys }) => [keys.evil.publicJwk, ...all].map(({ kid, ...jwk }) => jwk)), sig.header({ kid: undefined })]),
  accept('C12', 'the key comes into the set only at the second look', set.lateBy(1)),
  refuse('C13', 'a kid that no set has', sig.byEvil((right) => ({ ...right, kid: `new-${Math.random()}` })), 'id_token_key'),
  refuse('C16', 'HTML for a key set', net.portal('jwks'), 'keys_unavailable'),
  refuse('C16', 'a key set that never ends', net.endless('jwks'), 'keys_unavailable'),
  refuse('C16', 'a key set that never comes', net.silence('jwks'), { code: 'keys_unavailable', options: { timeout: 1 } }),
  refuse('C16', 'a failing server of keys', net.status('jwks', 503), 'keys_unavailable'),
  refuse('C16', 'a key set that pages may not read', net.noCors('jwks'), 'keys_unavailable'),
  refuse('C16', 'a key set that is elsewhere', [net.redirected('jwks'), sig.byEvil((right, { keys }) => ({ ...right, kid: keys.evil.kid }))], 'keys_unavailable'),
  refuse('C16', 'ten thousand keys', set.many(10_000), 'keys_unavailable'),
  refuse('C17', 'two parts', sig.compact((jws) => dot(jws).slice(0, 2).join('.')), 'id_token_malformed'),
  refuse('C17', 'four parts', sig.compact((jws) => `${jws}.x`), 'id_token_malformed'),
  refuse('C17', 'five parts', sig.compact((jws) => `${jws}.x.y`), 'id_token_encrypted'),
  refuse('C17', 'padding', sig.compact((jws) => `${jws}==`), 'id_token_malformed'),
  refuse('C17', 'white space', sig.compact((jws) => jws.replace('.', '. ')), 'id_token_malformed'),
  refuse('C17', 'the JSON serialisation', sig.compact((jws) => JSON.stringify({ payload: dot(jws)[1], signatures: [{ protected: dot(jws)[0], signature: dot(jws)[2] }] })), 'id_token_malformed'),
  refuse('C17', 'octets that are no UTF-8', sig.compact((jws) => [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64url'), ...dot(jws).slice(1)].join('.')), 'id_token_malformed'),
  refuse('C17', 'a claim twice', payload((text) => text.replace('{', '{"sub":"mallory",')), 'id_token_malformed'),
  refuse('C17', 'a header member twice', sig.rawHeader((text) => text.replace('{', '{"alg":"none",')), 'id_token_malformed'),
  refuse('C17', 'a header of a megabyte', sig.header({ x: 'x'.repeat(1024 * 1024) }), 'response_too_large'),
  refuse('S03', 'a critical extension nobody knows', sig.header({ crit: ['x'], x: 1 }), 'id_token_malformed'),
  refuse('S03', 'a token of another kind', sig.header({ typ: 'at+jwt' }), 'id_token_malformed'),
  refuse('S04', 'the key is for encryption', set.marked({ use: 'enc' }), 'id_token_key'),
];
