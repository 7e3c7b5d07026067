import { openSession } from './signed-in.js';

/** Milliseconds from a wall clock that is set past expiry until a refresh is sent, while nobody asks. */
export async function measure({ library, latency, delay, limit }) {
  const { clock, network } = await openSession(library, { latency });
  await clock.wait(delay);
  const begun = clock.stopwatch();
  const sent = network.refreshed().then(() => [clock.stopwatch() - begun]);
  clock.setWall(600_000);
  return Promise.race([sent, clock.wait(limit).then(() => `not in ${limit / 1000} s`)]);
}
