// What requests through the vault cost, beside those of the page itself.

import { OURS } from '../libraries.mjs';
import { pass } from './requests.mjs';

const PLAIN = 'fetch';
const PLACES = [PLAIN, OURS, 'worker', 'shared-worker'];
const WHERE = 'fetch: the browser’s own, without a token. tokenward: auth.fetch in the page; worker and shared-worker: through the vault.';
const MEGABYTE = 1_000_000;

/** A page with a client that is signed in at the real provider, its vault at `place`. */
async function signIn(stage, place) {
  const { world, home } = stage;
  await stage.open();
  if (place === PLAIN) return;
  const setup = { issuer: world.issuer, clientId: 'bench', redirectUri: home, scope: 'openid profile offline_access' };
  const url = await pass(world, await stage.call('vault', 'begin', { place, setup }), home);
  await stage.call('vault', 'finish', { url });
}

async function withPage(stage, place, work) {
  await signIn(stage, place);
  try {
    return await work();
  } finally {
    await stage.call('vault', 'close');
  }
}

export const latency = {
  id: 'vault-fetch',
  title: 'auth.fetch of a small JSON, 99th percentile of a sequence, above fetch',
  unit: 'ms',
  digits: 2,
  reach: '16, one frame',
  notes: [WHERE],
  libraries: PLACES,
  above: PLAIN,
  rounds: { quick: 1, full: 6 },
  sample: ({ stage }, place, { quick }) =>
    withPage(stage, place, async () => {
      const times = await stage.call('vault', 'latency', { place, calls: quick ? 100 : 300 });
      return [times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]];
    }),
};

export const stream = {
  id: 'vault-stream',
  title: 'auth.fetch of 100 MB, read as a stream',
  unit: 'MB/s',
  digits: 0,
  notes: [WHERE],
  libraries: PLACES,
  rounds: { quick: 1, full: 4 },
  sample: ({ stage }, place) =>
    withPage(stage, place, async () => {
      const { bytes, ms } = await stage.call('vault', 'stream', { place, megabytes: 100 });
      if (bytes !== 100 * MEGABYTE) throw new Error(`${bytes} bytes of a hundred megabytes`);
      return [bytes / MEGABYTE / (ms / 1000)];
    }),
};

export const ahead = {
  id: 'vault-ahead',
  title: 'What the server has sent and nobody has read, 100 MB, when the page stops after 5 MB',
  unit: 'MB',
  digits: 1,
  reach: 'as fetch: nothing piles up on either side',
  notes: [WHERE],
  libraries: PLACES,
  rounds: { quick: 1, full: 3 },
  sample: ({ stage }, place) =>
    withPage(stage, place, async () => {
      const read = await stage.call('vault', 'stop', { place, megabytes: 100, after: 5 * MEGABYTE });
      return [(stage.sent() - read) / MEGABYTE];
    }),
};
