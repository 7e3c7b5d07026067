// What the vault stands on is taken once, before anything else runs, and cannot be replaced afterwards: neither by a
// script that a bundler put into the same worker, nor by anything that one might load.

const NAMES = [
  'AbortController', 'ArrayBuffer', 'Array', 'Blob', 'Headers', 'JSON', 'Map', 'MessageChannel', 'MessagePort', 'Object', 'Promise',
  'ReadableStream', 'Request', 'Response', 'Set', 'TextDecoder', 'TextEncoder', 'URL', 'Uint8Array', 'WebAssembly', 'clearTimeout',
  'crypto', 'fetch', 'indexedDB', 'performance', 'setInterval', 'setTimeout',
] as const;

export const pinBuiltins = (): void => {
  for (const name of NAMES) {
    const value: unknown = globalThis[name];
    try {
      Object.defineProperty(globalThis, name, { value, writable: false, configurable: false });
    } catch {
      // It could not be replaced as it is.
    }
  }
};
