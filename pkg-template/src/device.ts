// A login by another device. A page loads this only for that.

import { failure } from './errors.js';
import type { Operations } from './operations.js';
import { loginArguments } from './options.js';
import type { DeviceLoginOptions } from './types.js';

/** Resolves when the user is signed in. */
export const withDevice = async (call: Operations['call'], options: DeviceLoginOptions): Promise<void> => {
  const { onCode, ...rest } = options ?? {};
  if (typeof onCode !== 'function') throw failure('option_invalid', 'loginWithDevice.onCode');
  const { args, signal } = loginArguments(rest);
  const stop = new AbortController();
  const abort = () => stop.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  try {
    // The app's code runs when the engine's is done. A code that could not be shown is of no use.
    await call('loginWithDevice', args, stop.signal, (code) => {
      Promise.resolve(Object.freeze(code)).then(onCode).catch((cause: unknown) => stop.abort(cause));
    });
  } finally {
    signal?.removeEventListener('abort', abort);
  }
};
