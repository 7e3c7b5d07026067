import { createNetwork } from './network.js';
import { SETUP, load } from './setup.js';

/** Milliseconds from the call to the URL the browser is sent to, the transaction stored. */
export async function measure({ library: name, warmUp, logins }) {
  await createNetwork();
  const library = await load(name);
  const client = await library.ready(SETUP);
  const samples = [];
  for (let login = 0; login < warmUp + logins; login += 1) {
    // A page begins one login; what older ones left behind is nobody's cost.
    localStorage.clear();
    sessionStorage.clear();
    const begun = performance.now();
    const url = await library.loginUrl(client);
    const took = performance.now() - begun;
    if (!url.startsWith(SETUP.issuer)) throw new Error(`not a login: ${url}`);
    if (localStorage.length + sessionStorage.length === 0) throw new Error('no transaction was stored');
    if (login >= warmUp) samples.push(took);
  }
  return samples;
}
