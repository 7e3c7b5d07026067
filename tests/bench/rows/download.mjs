import { IDS, OURS, SLIM } from '../libraries.mjs';

export default {
  id: 'download',
  title: 'Download of an app that imports the client (minified, brotli 11)',
  unit: 'KB',
  digits: 1,
  reach: '36 (budget 48)',
  notes: ['tokenward: with the wasm inside a script; tokenward-slim: script and wasm file; both without parts that a page has not asked for. 1 KB is 1,000 bytes.'],
  libraries: IDS.flatMap((id) => (id === OURS ? [id, SLIM] : [id])),
  rounds: { quick: 1, full: 1 },
  sample: async ({ downloads }, library) => [downloads.get(library) / 1000],
};
