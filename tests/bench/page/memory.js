import { SETUP, load } from './setup.js';

const instances = [];

/** Makes a client and keeps it. */
export async function keep({ library }) {
  watchInstances();
  const exports = await load(library);
  globalThis.kept = [exports, await exports.ready?.(SETUP)];
}

/** Bytes of all WebAssembly memories. */
export const wasmBytes = () =>
  instances
    .flatMap((instance) => Object.values(instance.exports))
    .filter((value) => value instanceof WebAssembly.Memory)
    .reduce((sum, { buffer }) => sum + buffer.byteLength, 0);

/** Begins to ask the browser, which answers after a garbage collection. */
export const ask = () => {
  globalThis.answer = undefined;
  performance.measureUserAgentSpecificMemory().then(({ breakdown }) => {
    globalThis.answer = breakdown.filter(({ types }) => types.includes('JavaScript')).reduce((sum, { bytes }) => sum + bytes, 0);
  });
};

/** Its answer, if it is there: bytes of JavaScript in this page and its workers. */
export const answer = () => globalThis.answer ?? null;

function watchInstances() {
  const { instantiate, Instance } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate(...args);
    instances.push(result.instance ?? result);
    return result;
  };
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      instances.push(this);
    }
  };
}
