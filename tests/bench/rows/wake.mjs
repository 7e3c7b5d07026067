import { PEERS_TOKEN } from './live.mjs';

const LATENCY = 40;

const NOTE = 'Simulated in the page: both clocks moved an hour, timers held, then visibilitychange, resume and focus, then the timers let go.';

export default {
  id: 'wake',
  title: 'Frozen past expiry, woken: refresh sent by itself',
  unit: 'ms',
  digits: 1,
  reach: '12',
  notes: [NOTE],
  rounds: { quick: 2, full: 8 },
  sample: ({ stage }, library) => stage.measure('wake', { library, latency: LATENCY, ask: false, limit: 2000 }),
};

export const onDemand = {
  id: 'wake-on-demand',
  title: `Frozen past expiry, woken: valid token on demand (token requests take ${LATENCY} ms)`,
  unit: 'ms',
  digits: 1,
  reach: '48',
  notes: [
    NOTE,
    'The server rotates refresh tokens and ends a session whose refresh token is used twice.',
    'A token counts if the server still accepts it afterwards.',
    PEERS_TOKEN,
  ],
  rounds: { quick: 3, full: 12 },
  sample: ({ stage }, library) => stage.measure('wake', { library, latency: LATENCY, ask: true, limit: 3000 }),
};
