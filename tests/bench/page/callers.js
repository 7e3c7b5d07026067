import { openSession } from './signed-in.js';

/** Token requests of many callers at once, just past expiry. */
export async function measure({ library, latency, callers }) {
  const { clock, network, getToken } = await openSession(library, { latency });
  clock.pass(301_000);
  const calls = Array.from({ length: callers }, getToken);
  const failed = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected').length;
  return { samples: [network.refreshes.length], ...(failed > 0 && { words: `${failed} callers fail` }) };
}
