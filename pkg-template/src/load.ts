import type { Start } from './core.js';
import { failure, isAuthError } from './errors.js';
import { instantiate } from './glue.js';
import { inShell } from './shell.js';

/** Where `tokenward/slim` can take the wasm module from. */
export type WasmSource = URL | string | Response | ArrayBuffer | Uint8Array | WebAssembly.Module;

/**
 * The octets of the inlined module. Digits are the printable characters without quotes and backslash. The first
 * ones stand for the frequent octets; each of the others begins a page of the rest, and a second digit follows.
 */
export const decode = (text: string, frequent: readonly number[]): Uint8Array<ArrayBuffer> => {
  const digits: number[] = [];
  let count = 0;
  for (let code = 32; code < 127; code++) if (!'"\'`\\'.includes(String.fromCharCode(code))) digits[code] = count++;
  const octets = [...frequent];
  for (let octet = 0; octet < 256; octet++) if (!frequent.includes(octet)) octets.push(octet);
  const bytes = new Uint8Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    let digit = digits[text.charCodeAt(i)]!;
    const page = digit - frequent.length;
    if (page >= 0) digit = frequent.length + page * count + digits[text.charCodeAt(++i)]!;
    bytes[length++] = octets[digit]!;
  }
  return bytes.subarray(0, length);
};

/** The module from wherever the app has it. */
export const compile = async (source: WasmSource | Promise<WasmSource>): Promise<WebAssembly.Module> => {
  let wasm = await source;
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (typeof wasm === 'string' || wasm instanceof URL) wasm = await fetch(wasm);
  if (wasm instanceof Response) {
    if (!wasm.ok) throw new Error(`HTTP ${wasm.status}`);
    wasm = await wasm.arrayBuffer();
  }
  return WebAssembly.compile(wasm as BufferSource);
};

/** Makes engines of a module: each client has an instance of its own. */
export const starter =
  (module: () => Promise<WebAssembly.Module>): Start =>
  async (options, environment, host) => {
    let exports;
    try {
      exports = await instantiate(await module(), (cause) => host.poison(cause));
    } catch (cause) {
      throw isAuthError(cause) ? cause : failure('engine_load_failed', undefined, { cause });
    }
    const { Core } = exports;
    return inShell((means) => new Core(options, environment, means), options, host);
  };
