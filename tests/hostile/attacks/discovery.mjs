// G. The metadata document.

import { metadata } from '../provider/faults/metadata.mjs';
import * as net from '../provider/faults/transport.mjs';
import { accept, refuse } from './attack.mjs';

const endpoint = (what, value, code) => refuse('G02', what, metadata({ token_endpoint: value }), code);

export default [
  refuse('G01', 'an issuer with a suffix', metadata(({ issuer }) => ({ issuer: `${issuer}INVALID` })), 'issuer_mismatch'),
  refuse('G01', 'the issuer without its slash', metadata(({ origin }) => ({ issuer: origin })), 'issuer_mismatch'),
  refuse('G01', 'the issuer in capitals', metadata(({ issuer }) => ({ issuer: issuer.toUpperCase() })), 'issuer_mismatch'),
  refuse('G01', 'no issuer', metadata({ issuer: undefined }), 'issuer_mismatch'),
  refuse('G01', 'a place-holder for the tenant', metadata(({ issuer }) => ({ issuer: `${issuer}{tenantid}` })), 'issuer_mismatch'),
  endpoint('plain http to another machine', 'http://id.example.com/token', 'insecure_url'),
  endpoint('a script for an address', 'javascript:alert(1)', 'metadata_invalid'),
  endpoint('data for an address', 'data:application/json,{}', 'metadata_invalid'),
  endpoint('a relative address', '/token', 'metadata_invalid'),
  refuse('G02', 'an address with a fragment', metadata(({ origin }) => ({ token_endpoint: `${origin}/token#x` })), 'metadata_invalid'),
  refuse('G02', 'an address with a password', metadata(({ origin }) => ({ token_endpoint: origin.replace('//', '//u:p@') })), 'metadata_invalid'),
  refuse('G05', 'a page', net.portal('discovery'), 'metadata_invalid'),
  refuse('G05', 'a list', net.says('discovery', '[]'), 'metadata_invalid'),
  refuse('G05', 'a number as endpoint', metadata({ token_endpoint: 7 }), 'metadata_invalid'),
  refuse('G05', 'no token endpoint', metadata({ token_endpoint: undefined }), 'endpoint_missing'),
  refuse('G05', '404', net.status('discovery', 404), 'metadata_invalid'),
  refuse('G05', 'thirty megabytes', net.padded('discovery', 30 * 1024 * 1024), 'response_too_large'),
  refuse('G05', 'a redirect to another origin', net.redirected('discovery', 302), 'network_failed'),
  refuse('G05', 'a document that pages may not read', net.noCors('discovery'), 'network_failed'),
  refuse('G05', 'a document that never comes', net.silence('discovery'), { code: 'timed_out', options: { timeout: 1 } }),
  accept('G07', 'another address of the keys each time', metadata(({ origin }) => ({ jwks_uri: `${origin}/jwks?run=${Math.random()}` }))),
];
