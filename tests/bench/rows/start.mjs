import { EMPTY, IDS, OURS, SLIM } from '../libraries.mjs';

export default {
  id: 'start',
  title: 'Import to a ready client, above an empty module',
  unit: 'ms',
  digits: 2,
  reach: '6',
  notes: [
    'A fresh page and a fresh URL each time, so that no code is cached; bytes come from localhost, for tokenward-slim in two requests. Ready: it is known whether somebody is signed in.',
    'The median of the empty module is taken off every sample.',
  ],
  libraries: [...IDS.flatMap((id) => (id === OURS ? [id, SLIM] : [id])), EMPTY],
  above: EMPTY,
  rounds: { quick: 10, full: 50 },
  sample: ({ stage }, library, { round }) => stage.measure('start', { library, salt: `${library}-${round}` }),
};
