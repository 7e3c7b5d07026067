// F. Refresh and rotation.

import * as claim from '../provider/faults/claims.mjs';
import { once } from '../provider/faults/fault.mjs';
import * as sig from '../provider/faults/signatures.mjs';
import { refuses, steady } from '../provider/faults/tokens.mjs';
import * as net from '../provider/faults/transport.mjs';
import { ends, keeps, renews } from './attack.mjs';

const { claims } = claim;
const changed = (id, what, faults) => ends(id, what, faults, 'identity_changed');

export default [
  renews('F01', 'a new refresh token every time', [], { also: 'again' }),
  renews('F02', 'never a new one', steady(), { also: 'again' }),
  changed('F04', 'another issuer', claims({ iss: 'https://evil.example/' })),
  changed('F04', 'another user', claims({ sub: 'mallory' })),
  changed('F05', 'another audience', claims({ aud: 'other' })),
  changed('F05', 'a foreign nonce', claims({ nonce: 'foreign' })),
  changed('F05', 'another time of authentication', claims(({ auth_time: at }) => ({ auth_time: at + 1000 }))),
  changed('F05', 'a changed payload', sig.changedPayload()),
  changed('F05', 'no signature', sig.unsigned('none')),
  renews('F05', 'an old iat', claim.at({ iat: -7 * 86_400 })),
  renews('F05', 'no nonce', claims({ nonce: undefined })),
  ends('F06', 'invalid_grant', refuses('invalid_grant'), 'session_ended'),
  ends('F06', 'invalid_grant with status 200', refuses('invalid_grant', { status: 200 }), 'session_ended'),
  renews('F07', 'the answer is lost before the server acted', once(net.drop('token', 'before')), { fine: ['refuses, keeps what it had'] }),
  ends('F07', 'the answer is lost after the server acted', once(net.drop('token')), 'session_ended'),
  keeps('F07', 'the network is gone', net.drop('token', 'before'), 'network_failed'),
  keeps('E12', 'a 400 without the server\'s word on refresh', once(net.status('token', 400, { body: '<html>' })), 'response_invalid'),
];
