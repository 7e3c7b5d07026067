// A client that is signed in, in a page whose clocks and network are ours.

import { takeClock } from './clock.js';
import { createNetwork, signIn } from './network.js';
import { SETUP, load } from './setup.js';

export async function openSession(name, { latency }) {
  const clock = takeClock();
  const network = await createNetwork({ latency });
  const library = await load(name);
  const client = await signIn(library, network, await library.ready(SETUP));
  const getToken = library.tokenSource(client);
  if (!network.accepts(await getToken())) throw new Error('no token after the login');
  await clock.wait(20);
  if (network.refreshes.length > 0) throw new Error('refreshed before anything happened');
  return { clock, network, getToken };
}
