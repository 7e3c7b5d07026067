// One login at a real server, in steps: the server's pages are passed elsewhere.

import { load } from './setup.js';

/** Makes the client and begins a login; gives its URL. */
export async function begin({ library: name, setup }) {
  const library = await load(name);
  globalThis.client ??= await library.ready(setup);
  return library.loginUrl(globalThis.client);
}

/** Finishes a login whose answer is `url`. */
export async function finish({ library: name, setup, url }) {
  const library = await load(name);
  globalThis.client ??= await library.ready(setup);
  await library.finish(globalThis.client, url);
  return typeof (await library.tokenSource(globalThis.client)()) === 'string';
}
