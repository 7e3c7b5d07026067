/**
 * The same API with the wasm module brought by the app: for libraries, for pages that want to cache or preload
 * `tokenward/tokenward.wasm` on its own.
 *
 * @packageDocumentation
 */

import { open } from './client.js';
import { inPage } from './in-page.js';
import { compile, starter, type WasmSource } from './load.js';
import type { AuthClient, ClientOptions } from './types.js';

export * from './public.js';
export type { WasmSource };

/**
 * As `createClient` of `tokenward`, with the module of `tokenward/tokenward.wasm`: its address, its bytes, a
 * `Response` (maybe still on its way), or the compiled module. Give several clients one compiled module.
 *
 * @example
 * ```ts
 * import { createClient } from 'tokenward/slim';
 * import wasm from 'tokenward/tokenward.wasm?url'; // Vite
 *
 * const auth = await createClient({ issuer: 'https://id.example.com', clientId: 'spa' }, wasm);
 * ```
 */
export const createClient = (
  options: ClientOptions,
  wasm: WasmSource | Promise<WasmSource>,
): Promise<AuthClient> => open(options, inPage(starter(() => compile(wasm))));
