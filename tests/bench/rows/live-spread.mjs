import { PEERS_TOKEN } from './live.mjs';

export default {
  id: 'live-spread',
  title: 'getToken() with a live token, each call in a task of its own, above an empty async function',
  unit: 'µs',
  digits: 1,
  notes: [PEERS_TOKEN, 'A loop flatters what is remembered within a task. Here the calls are at least a millisecond apart.'],
  rounds: { quick: 2, full: 8 },
  sample: ({ stage }, library) => stage.measure('live-spread', { library, calls: 200, passes: 2 }),
};
