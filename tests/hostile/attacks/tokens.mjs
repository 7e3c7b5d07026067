// E. The token endpoint.

import { once, MARK } from '../provider/faults/fault.mjs';
import { members, rawMember, refuses, steady } from '../provider/faults/tokens.mjs';
import * as net from '../provider/faults/transport.mjs';
import { accept, keeps, refuse, renews } from './attack.mjs';

const bad = (what, member) => refuse('E03', what, member, 'token_response_invalid');

export default [
  refuse('E01', 'the page of a captive portal', net.portal('token'), 'response_invalid'),
  refuse('E01', 'JSON that calls itself HTML', net.typed('token', 'text/html'), 'response_invalid'),
  refuse('E01', 'nothing', net.says('token', ''), 'response_invalid'),
  refuse('E01', 'a list', net.says('token', '[]'), 'response_invalid'),
  refuse('E02', 'an error with tokens beside it', members({ error: 'invalid_grant', error_description: MARK }), 'token_refused'),
  bad('no access token', members({ access_token: undefined })),
  bad('an empty access token', members({ access_token: '' })),
  bad('a number as access token', members({ access_token: 7 })),
  bad('a list as access token', members({ access_token: ['x'] })),
  bad('a line break in the access token', members({ access_token: 'a\r\nX-Evil: 1' })),
  bad('a space in the access token', members({ access_token: 'a b' })),
  bad('letters no header can carry', members({ access_token: 'tökén' })),
  refuse('E04', 'no token type', members({ token_type: undefined }), 'token_response_invalid'),
  refuse('E04', 'a type nobody knows', members({ token_type: 'N_A' }), 'token_type_unsupported'),
  refuse('E04', 'mac', members({ token_type: 'mac' }), 'token_type_unsupported'),
  accept('E04', 'bEARER', members({ token_type: 'bEARER' })),
  accept('E06', 'no lifetime', members({ expires_in: undefined })),
  accept('E06', 'the lifetime in words', members({ expires_in: '3600' })),
  accept('E06', 'null as lifetime', members({ expires_in: null })),
  renews('E08', 'an empty refresh token on refresh', [steady(), members({ refresh_token: '' })], { also: 'again' }),
  renews('E08', 'null as refresh token on refresh', [steady(), members({ refresh_token: null })], { also: 'again' }),
  renews('E08', 'a number as refresh token on refresh', [steady(), members({ refresh_token: 7 })], { also: 'again' }),
  accept('E09', 'a narrower scope', members({ scope: 'openid' })),
  accept('E10', 'a wider scope', members({ scope: 'openid profile email offline_access admin' })),
  accept('E10', 'no scope', members({ scope: undefined })),
  refuse('E12', 'invalid_grant', refuses('invalid_grant', { error_description: `${MARK}\u0000\r\n` }), 'token_refused'),
  refuse('E12', 'invalid_client', refuses('invalid_client', { status: 401 }), 'client_secret_required'),
  refuse('E12', '400 without JSON', net.status('token', 400, { body: MARK }), 'response_invalid'),
  refuse('E12', 'an error that no standard knows', refuses(MARK), 'token_refused'),
  refuse('E13', '503', net.status('token', 503, { headers: { 'Retry-After': '1' } }), 'server_unavailable'),
  refuse('E13', '429 with an absurd pause', net.status('token', 429, { headers: { 'Retry-After': '9'.repeat(40) } }), 'server_unavailable'),
  refuse('E15', 'the page may not read the answer', net.noCors('token'), 'network_failed'),
  refuse('E15', 'the connection breaks after the server acted', net.drop('token'), 'network_failed'),
  refuse('E15', 'a redirect to another origin', net.redirected('token'), 'network_failed'),
  refuse('E16', 'headers, then silence', net.silence('token'), { code: 'timed_out', options: { timeout: 1 } }),
  refuse('E16', 'one octet at a time', net.trickle('token'), { code: 'timed_out', options: { timeout: 1 } }),
  refuse('E16', 'a body without an end', net.endless('token'), 'response_too_large'),
  refuse('E16', 'thirty megabytes', net.padded('token', 30 * 1024 * 1024), 'response_too_large'),
  refuse('C17', 'a member twice in the answer', rawMember('token_type', '"mac","token_type":"Bearer"'), 'response_invalid'),
  keeps('E13', '503 on refresh', once(net.status('token', 503)), 'server_unavailable'),
  keeps('E01', 'a captive portal on refresh', once(net.portal('token')), 'response_invalid'),
  keeps('E16', 'silence on refresh', [steady(), once(net.silence('token'))], { options: { timeout: 1 } }),
];
