import { SETUP } from './setup.js';

/** Milliseconds from the import to a client that knows whether somebody is signed in. */
export async function measure({ library, salt }) {
  const url = `/bench/made/${library}.js?${salt}`;
  const begun = performance.now();
  const { ready } = await import(url);
  await ready?.(SETUP);
  return [performance.now() - begun];
}
