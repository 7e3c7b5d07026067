import { failure } from './errors.js';

/** A part of the package that is only loaded where it is needed. */
export const loaded = <T>(part: Promise<T>): Promise<T> =>
  part.catch((cause: unknown) => {
    throw failure('engine_load_failed', undefined, { cause });
  });
