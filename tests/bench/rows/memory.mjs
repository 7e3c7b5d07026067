import { EMPTY, IDS, OURS, SLIM } from '../libraries.mjs';

/** What the browser says; it answers after a collection, which is asked for so that nobody waits. */
async function scripts(stage) {
  await stage.call('memory', 'ask');
  for (;;) {
    await stage.devtools('HeapProfiler.collectGarbage');
    const bytes = await stage.call('memory', 'answer');
    if (bytes !== null) return bytes;
  }
}

export default {
  id: 'memory',
  title: 'Memory of module and one client, above an empty module',
  unit: 'KB',
  digits: 0,
  reach: '300',
  notes: [
    'performance.measureUserAgentSpecificMemory() of a fresh page, JavaScript with the text of the scripts and workers, plus the whole of every WebAssembly memory, which the browser leaves out. Machine code, of scripts or wasm, is not counted.',
  ],
  libraries: [...IDS.flatMap((id) => (id === OURS ? [id, SLIM] : [id])), EMPTY],
  above: EMPTY,
  rounds: { quick: 1, full: 5 },
  sample: async ({ stage }, library) => {
    await stage.open();
    const before = await scripts(stage);
    await stage.call('memory', 'keep', { library });
    const after = await scripts(stage);
    return [(after - before + (await stage.call('memory', 'wasmBytes'))) / 1000];
  },
};
