// Requests of a client whose vault is the page, a worker, or a shared worker; and plain ones.

import { load } from './setup.js';

const SCRIPT = '/bench/pkg/dist/vault.js';
const KINDS = { worker: () => Worker, 'shared-worker': () => SharedWorker };

/** Makes the client and begins a login; gives its URL. */
export async function begin({ place, setup }) {
  const library = await load('tokenward');
  const kind = KINDS[place]?.();
  // A shared worker of an earlier page has that page's session.
  const vault = kind && new kind(SCRIPT, { type: 'module', ...(place === 'shared-worker' && { name: crypto.randomUUID() }) });
  globalThis.client = await library.ready({ ...setup, apis: [`${location.origin}/bench/api/`], vault });
  return library.loginUrl(globalThis.client);
}

export async function finish({ url }) {
  const library = await load('tokenward');
  await library.finish(globalThis.client, url);
}

export const close = () => globalThis.client?.dispose();

const senderOf = (place) => (place === 'fetch' ? (url) => fetch(url) : (url) => globalThis.client.fetch(url));

/** Times of single requests, one after the other. */
export async function latency({ place, calls }) {
  const send = senderOf(place);
  const times = [];
  for (let call = -20; call < calls; call += 1) {
    const begun = performance.now();
    const response = await send(`${location.origin}/bench/api/small`);
    await response.json();
    if (call >= 0) times.push(performance.now() - begun);
  }
  return times;
}

const open = async (place, megabytes) => (await senderOf(place)(`${location.origin}/bench/api/large?mb=${megabytes}`)).body.getReader();

/** Reads all of a stream. */
export async function stream({ place, megabytes }) {
  const begun = performance.now();
  const reader = await open(place, megabytes);
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes, ms: performance.now() - begun };
    bytes += value.length;
  }
}

/** Reads some of a stream and then nothing, for as long as it takes to fill what can be filled. */
export async function stop({ place, megabytes, after }) {
  const reader = await open(place, megabytes);
  let bytes = 0;
  while (bytes < after) bytes += (await reader.read()).value.length;
  await new Promise((resolve) => { setTimeout(resolve, 1500); });
  return bytes;
}
