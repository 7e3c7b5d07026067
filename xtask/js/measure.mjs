// Sizes of the package: node measure.mjs PACKAGE WORK. Prints JSON: { files, bundles }, each a list of
// { name, raw, gzip, brotli } (gzip level 9, brotli quality 11). Runs in the checkout, for its esbuild.
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { LEAN, loadedFiles } from './loaded.mjs';

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

/** Parts that an app loads when it asks for something, or when something happens: no page has to have them. */
const ON_DEMAND = [
  'beside', 'callback', 'device', 'dpop', 'elsewhere', 'give', 'hints', 'inline', 'inline-lean', 'monitor', 'page', 'port', 'proof', 'step-up',
  'with-keeper',
];

/**
 * Sizes of what is loaded by a page with somebody signed in who asks for a token and sends requests: the entry with what it imports,
 * and of the parts that are loaded on demand those named.
 */
const bundle = async (name, source, parts) => {
  const { outputFiles, metafile: { outputs } } = await build({
    stdin: { contents: source, resolveDir: work },
    bundle: true,
    splitting: true,
    metafile: true,
    outdir: work,
    absWorkingDir: work,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    external: ['react', 'vue', 'vue-router'],
    preserveSymlinks: true,
    write: false,
    logLevel: 'error',
  });
  const loaded = loadedFiles(outputs, (part) => {
    // A new one might be one that every page loads.
    if (!ON_DEMAND.includes(part) && part !== 'index') throw new Error(`${name}: is ${part} loaded?`);
    return parts.includes(part);
  });
  const sizes = outputFiles.filter(({ path }) => loaded.has(relative(work, path))).map(({ contents }) => measure(name, contents));
  if (sizes.length < loaded.size || sizes.length <= parts.length) throw new Error(`${name}: a part is missing`);
  const sum = (key) => sizes.reduce((total, size) => total + size[key], 0);
  return { name, raw: sum('raw'), gzip: sum('gzip'), brotli: sum('brotli') };
};

const { exports } = JSON.parse(readFileSync(join(pkg, 'package.json')));
/** Parts that a page loads whose options need the whole module. */
const whole = ['page', 'inline', 'with-keeper'];
const page = `export { createClient } from 'tokenward';`;
const bundles = [
  await bundle('app with tokenward', page, LEAN),
  await bundle('app with tokenward and a sealed session', page, whole),
  await bundle('app with tokenward/slim, without the wasm', `export { createClient } from 'tokenward/slim';`, []),
  ...['tokenward-lean.wasm', 'tokenward.wasm'].map((name) => measure(name, readFileSync(join(pkg, exports[`./${name}`])))),
  await bundle('app with tokenward and a vault, main thread', page, ['port']),
  measure('tokenward/vault', readFileSync(join(pkg, exports['./vault'].default))),
];
if (exports['./providers']) {
  bundles.push(await bundle('app with tokenward and one provider', `${page} export { keycloak } from 'tokenward/providers';`, LEAN));
}
for (const adapter of ['react', 'vue']) {
  if (!exports[`./${adapter}`]) continue;
  bundles.push(await bundle(`app with tokenward and tokenward/${adapter}`, `${page} export * from 'tokenward/${adapter}';`, LEAN));
}

const files = readdirSync(pkg, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort()
  .map((file) => measure(relative(pkg, file), readFileSync(file)));

console.log(JSON.stringify({ files, bundles }));
