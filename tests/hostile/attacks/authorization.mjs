// A. The authorization response.

import * as response from '../provider/faults/authorization.mjs';
import { MARK } from '../provider/faults/fault.mjs';
import { metadata } from '../provider/faults/metadata.mjs';
import { accept, refuse } from './attack.mjs';

const { parameters } = response;
const silent = metadata({ authorization_response_iss_parameter_supported: undefined });

export default [
  accept('A01', 'an honest answer', []),
  refuse('A02', 'no state', parameters({ state: undefined }), 'state_missing'),
  refuse('A02', 'an altered state', response.alteredState(), 'state_unknown'),
  refuse('A02', 'an empty state', parameters({ state: '' }), 'state_missing'),
  refuse('A04', 'a code of the attacker', response.injectedCode, 'token_refused'),
  refuse('A04', 'a code of the attacker at a server without PKCE', () => [response.ignoresPkce(), response.injectedCode()], 'id_token_nonce'),
  accept('A05', 'a server that says nothing of PKCE', metadata({ code_challenge_methods_supported: undefined })),
  refuse('A05', 'a server that offers plain only', metadata({ code_challenge_methods_supported: ['plain'] }), { code: 'pkce_unsupported', fine: ['accepts'] }),
  refuse('A05', 'a server that says nothing of PKCE, when the app relies on it', metadata({ code_challenge_methods_supported: undefined }), {
    code: 'pkce_unsupported', options: { requirePkce: true }, ours: 'no peer has such an option',
  }),
  refuse('A06', 'another issuer', parameters({ iss: 'https://evil.example' }), 'iss_mismatch'),
  refuse('A06', 'another issuer on an error', response.error('access_denied', { iss: 'https://evil.example' }), 'iss_mismatch'),
  refuse('A06', 'the issuer in another spelling', parameters({ iss: 'HTTP://LOCALHOST/' }), 'iss_mismatch'),
  accept('A08', 'an iss that was never announced, and right', silent),
  refuse('A08', 'an iss that was never announced, and wrong', [silent, parameters({ iss: 'https://evil.example' })], 'iss_mismatch'),
  refuse('A10', 'access_denied', response.error('access_denied', { error_description: MARK }), 'authorization_refused'),
  refuse('A10', 'a code that no standard knows', response.error(`x_${MARK}`), 'authorization_refused'),
  refuse('A10', 'temporarily_unavailable', response.error('temporarily_unavailable'), 'authorization_refused'),
  refuse('A11', 'an error without state', response.error('access_denied', { state: undefined }), 'state_missing'),
  refuse('A11', 'an error with another state', response.error('access_denied', { state: 'tw.other' }), 'state_unknown'),
  refuse('A14', 'tokens in the URL beside the code', response.also(['access_token', MARK], ['token_type', 'Bearer']), { code: 'front_channel_tokens', fine: ['accepts'] }),
  refuse('A14', 'an ID token in the URL in the place of the code', parameters({ code: undefined, id_token: 'a.b.c' }), 'front_channel_tokens'),
  refuse('A14', 'the answer in the mode nobody asked for', response.inFragment(), { code: 'callback_malformed', ours: 'a peer may ask for the fragment' }),
  accept('A15', 'a long answer with parameters of its own', response.also(['session_state', 'x'.repeat(6000)], ['hd', MARK])),
  refuse('A15', 'broken percent-encoding', [parameters({ code: undefined }), response.also('code=%ZZ')], 'callback_malformed'),
  refuse('A15', 'two states', response.also(['state', 'tw.other']), 'callback_malformed'),
  refuse('A15', 'code and error', response.also(['error', 'access_denied']), 'callback_malformed'),
  refuse('A17', 'login_required', response.error('login_required'), { code: 'interaction_required', login: { prompt: 'none' } }),
  refuse('A17', 'consent_required', response.error('consent_required'), { code: 'interaction_required', login: { prompt: 'none' } }),
  refuse('A17', 'account_selection_required', response.error('account_selection_required'), { code: 'interaction_required', login: { prompt: 'none' } }),
  refuse('S05', 'no iss although it is announced', parameters({ iss: undefined }), 'iss_missing'),
];
