// The same calls as live.js, but as applications make them that are not in a loop: each in a task of its own, and in a
// millisecond of its own, so that nothing can be remembered from the call before.

import { createNetwork, signIn } from './network.js';
import { SETUP, load } from './setup.js';

const nothing = async () => 'token';

/** Microseconds from the call to the token, above an empty async function in the same tasks. */
export async function measure({ library: name, calls, passes }) {
  const network = await createNetwork();
  const library = await load(name);
  const client = await signIn(library, network, await library.ready(SETUP));
  const getToken = library.tokenSource(client);
  for (let call = 0; call < 2000; call += 1) await getToken();
  const task = createTasks();
  const samples = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const empty = [];
    const full = [];
    for (let call = 0; call < calls; call += 1) {
      await task();
      empty.push(await one(nothing));
      await task();
      full.push(await one(getToken));
    }
    samples.push((middle(full) - middle(empty)) * 1000);
  }
  return samples;
}

// The clock's grain is coarser than what is measured, so a mean; of the middle half, because the machine has more to do.
function middle(times) {
  const half = times.sort((a, b) => a - b).slice(times.length >> 2, times.length - (times.length >> 2));
  return half.reduce((sum, time) => sum + time, 0) / half.length;
}

async function one(getToken) {
  const begun = performance.now();
  await getToken();
  return performance.now() - begun;
}

/** Gives what waits for a task in the next millisecond. */
function createTasks() {
  const { port1, port2 } = new MessageChannel();
  let go;
  let last = 0;
  port1.onmessage = () => {
    const now = Date.now();
    if (now === last) return port2.postMessage(0);
    last = now;
    return go();
  };
  return () =>
    new Promise((resolve) => {
      go = resolve;
      port2.postMessage(0);
    });
}
