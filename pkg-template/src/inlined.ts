import type { Start } from './core.js';
import { frequent, wasm } from './inline.js';
import { decode, starter } from './load.js';

let compiled: Promise<WebAssembly.Module> | undefined;

/** Makes engines of the module that the package carries inside; compiled once. */
export const startInlined: Start = starter(
  () =>
    (compiled ??= WebAssembly.compile(decode(wasm, frequent)).catch((error: unknown) => {
      compiled = undefined;
      throw error;
    })),
);
