import type { Start } from './core.js';
import { decode, starter } from './load.js';
import { createOnce } from './once.js';

/** What `inline.js` and `inline-lean.js` hold. */
export type Inlined = typeof import('./inline.js');

const modules = /*#__PURE__*/ createOnce<WebAssembly.Module>();

/** Makes engines of a module that the package carries inside; each is compiled once. */
export const startInlined = ({ wasm, frequent }: Inlined): Start =>
  starter(() => modules(wasm, () => WebAssembly.compile(decode(wasm, frequent))));
