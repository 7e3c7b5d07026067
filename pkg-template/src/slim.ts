/**
 * The same API with the wasm module brought by the app: for libraries, for pages that want to cache or preload
 * the module on its own.
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
 * As `createClient` of `tokenward`, with a module of yours: its address, its bytes, a `Response` (maybe still on its
 * way), or the compiled module. Give several clients one compiled module.
 *
 * `tokenward/tokenward-lean.wasm` has no part for some options and refuses them with `feature_missing`;
 * `tokenward/tokenward.wasm` has everything.
 *
 * @example
 * ```ts
 * import { createClient } from 'tokenward/slim';
 * import wasm from 'tokenward/tokenward-lean.wasm?url'; // Vite
 *
 * const auth = await createClient({ issuer: 'https://id.example.com', clientId: 'spa' }, wasm);
 * ```
 */
export const createClient = (
  options: ClientOptions,
  wasm: WasmSource | Promise<WasmSource>,
): Promise<AuthClient> => open(options, inPage(starter(() => compile(wasm))));
