import { createNetwork, signIn } from './network.js';
import { SETUP, load } from './setup.js';

const nothing = async () => 'token';

/** Calls per second; `library: 'empty'` is the yardstick, an async function that gives a string. */
export async function measure({ library: name, ms, passes }) {
  const getToken = name === 'empty' ? nothing : await source(name);
  let count = 500;
  let rate = 0;
  // Warm up, and find how many calls fill the time.
  for (let spent = 0; spent < ms; ) {
    const took = await loop(getToken, count);
    spent += took;
    rate = count / took;
    if (took < ms / 4) count *= 2;
  }
  const samples = [];
  for (let pass = 0; pass < passes; pass += 1) {
    const calls = Math.max(1, Math.round(rate * ms));
    const took = await loop(getToken, calls);
    rate = calls / took;
    samples.push(rate * 1000);
  }
  return samples;
}

async function loop(getToken, calls) {
  const begun = performance.now();
  for (let call = 0; call < calls; call += 1) await getToken();
  return performance.now() - begun;
}

async function source(name) {
  const network = await createNetwork();
  const library = await load(name);
  const client = await signIn(library, network, await library.ready(SETUP));
  const getToken = library.tokenSource(client);
  if (!network.accepts(await getToken())) throw new Error('no token after the login');
  return getToken;
}
