// Sizes of the package: node measure.mjs PACKAGE WORK. Prints JSON: { files, bundles }, each a list of
// { name, raw, gzip, brotli } (gzip level 9, brotli quality 11). Runs in the checkout, for its esbuild.
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const [pkg, work] = process.argv.slice(2).map((path) => resolve(path));

const measure = (name, bytes) => ({
  name,
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length,
});

// An app of its own that has the package installed.
rmSync(work, { recursive: true, force: true });
mkdirSync(join(work, 'node_modules'), { recursive: true });
symlinkSync(pkg, join(work, 'node_modules/tokenward'), 'junction');

const bundle = async (source) => {
  const result = await build({
    stdin: { contents: source, resolveDir: work },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    external: ['react', 'vue', 'vue-router'],
    preserveSymlinks: true,
    write: false,
    logLevel: 'error',
  });
  return result.outputFiles[0].contents;
};

const { exports } = JSON.parse(readFileSync(join(pkg, 'package.json')));
const wasm = readFileSync(join(pkg, exports['./tokenward.wasm']));
const page = await bundle(`export { createClient } from 'tokenward';`);
const slim = await bundle(`export { createClient } from 'tokenward/slim';`);
const bundles = [
  measure('app with tokenward', page),
  measure('app with tokenward/slim, without the wasm', slim),
  measure('tokenward.wasm', wasm),
];
for (const adapter of ['react', 'vue']) {
  if (!exports[`./${adapter}`]) continue;
  bundles.push(measure(`app with tokenward and tokenward/${adapter}`, await bundle(`export { createClient } from 'tokenward'; export * from 'tokenward/${adapter}';`)));
}

const files = readdirSync(pkg, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()
  .map((file) => measure(relative(pkg, file), readFileSync(file)));

console.log(JSON.stringify({ files, bundles }));
