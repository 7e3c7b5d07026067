import { sleepPastExpiry, wake } from './sleep.js';
import { openSession } from './signed-in.js';

/**
 * Milliseconds from waking up past expiry until a refresh is sent by itself (`ask: false`), or until `getToken`, called
 * when the page is told, has given a token the server accepts (`ask: true`).
 */
export async function measure({ library, latency, ask, limit }) {
  const { clock, network, getToken } = await openSession(library, { latency });
  await sleepPastExpiry(clock);
  const begun = clock.stopwatch();
  const sent = network.refreshed().then(() => clock.stopwatch() - begun);
  wake(clock);
  if (!ask) return Promise.race([sent.then((took) => [took]), clock.wait(limit).then(() => `not in ${limit / 1000} s`)]);

  const outcome = await Promise.race([
    getToken().then((token) => ({ token, took: clock.stopwatch() - begun }), (error) => ({ error })),
    clock.wait(limit).then(() => ({ error: new Error('nothing came') })),
  ]);
  if (outcome.error) return `fails: ${outcome.error.message}`;
  // What else was sent may turn the server against it.
  await clock.wait(4 * latency);
  return network.accepts(outcome.token) ? [outcome.took] : 'ended by the server';
}
