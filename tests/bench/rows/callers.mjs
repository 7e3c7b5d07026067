import { PEERS_TOKEN } from './live.mjs';

const CALLERS = 1000;

export default {
  id: 'callers',
  title: `Token requests for ${CALLERS.toLocaleString('en')} callers at expiry`,
  unit: '',
  digits: 0,
  reach: '1',
  notes: ['The server rotates refresh tokens and ends a session whose refresh token is used twice.', PEERS_TOKEN],
  rounds: { quick: 1, full: 3 },
  sample: ({ stage }, library) => stage.measure('callers', { library, latency: 40, callers: CALLERS }),
};
