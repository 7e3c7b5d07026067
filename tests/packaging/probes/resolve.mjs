// node resolve.mjs: the files that are exported without being modules, and one that is not exported.

import { readFileSync } from 'node:fs';

const bytes = readFileSync(new URL(import.meta.resolve('tokenward/tokenward-lean.wasm')));
const { name } = JSON.parse(readFileSync(new URL(import.meta.resolve('tokenward/package.json')), 'utf8'));
let hidden;
try {
  hidden = import.meta.resolve('tokenward/dist/glue.js');
} catch ({ code }) {
  hidden = code;
}
console.log(JSON.stringify({ valid: WebAssembly.validate(bytes), name, hidden }));
