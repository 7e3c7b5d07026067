import { createNetwork } from './network.js';
import { SETUP, load } from './setup.js';

/**
 * Milliseconds from the answer to a login to a session, each time with a new client (`again: false`), as a page that
 * the browser comes back to has it, or with one that has done it before (`again: true`).
 */
export async function measure({ library: name, warmUp, logins, again }) {
  const network = await createNetwork();
  const library = await load(name);
  const samples = [];
  let client;
  for (let login = 0; login < warmUp + logins; login += 1) {
    localStorage.clear();
    sessionStorage.clear();
    client = (again && client) || (await library.ready(SETUP));
    const url = await network.authorize(await library.loginUrl(client));
    library.prepare?.(url);
    const begun = performance.now();
    const signedIn = await library.finish(client, url);
    const took = performance.now() - begun;
    const token = await library.tokenSource(signedIn)();
    if (!network.accepts(token)) throw new Error('no token after the login');
    if (login >= warmUp) samples.push(took);
    if (again) client = signedIn;
    else await library.close(signedIn);
  }
  return samples;
}
