// Bundles as an app's build makes them: minified ES modules.

import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { LEAN, loadedFiles } from '../../xtask/js/loaded.mjs';
import { EMPTY, LIBRARIES, SLIM } from './libraries.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Makes all bundles. `work`: a folder that may be emptied. */
export async function makeBundles(work, pkg) {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'node_modules'), { recursive: true });
  symlinkSync(pkg, join(work, 'node_modules/tokenward'), 'junction');

  const settings = {
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    nodePaths: [join(work, 'node_modules'), join(here, '../node_modules')],
    preserveSymlinks: true,
    write: false,
    logLevel: 'error',
  };
  const bundle = async (input) => {
    const { outputFiles: [{ contents }] } = await build({
      ...settings,
      // The whole module, which no row has a use for; in one file there would be both.
      external: ['./inline.js'],
      ...input,
    });
    return Buffer.from(contents);
  };

  // What the rows drive: the library and the few lines of libraries/.
  const measured = new Map();
  for (const id of [...LIBRARIES.map((library) => library.id), SLIM, EMPTY]) {
    measured.set(`${id}.js`, await bundle({
      entryPoints: [join(here, 'libraries', `${id}.js`)],
      // So that the URL of a login can be had without leaving the page.
      define: id === 'tokenward' ? { 'location.assign': 'capture' } : {},
    }));
  }

  // What an app downloads: the library alone, without what is loaded on demand and a page does not ask for.
  const download = async (contents, parts) => {
    const { outputFiles, metafile: { outputs } } = await build({
      ...settings,
      stdin: { contents, resolveDir: work },
      splitting: true,
      metafile: true,
      outdir: work,
      absWorkingDir: work,
    });
    const loaded = loadedFiles(outputs, (part) => parts.includes(part));
    return outputFiles.reduce((sum, { path, contents }) => sum + (loaded.has(relative(work, path)) ? brotli(contents) : 0), 0);
  };
  const downloads = new Map();
  for (const { id, client } of LIBRARIES) downloads.set(id, await download(client, LEAN));
  const slim = await download(`export { createClient } from 'tokenward/slim';`, []);
  downloads.set(SLIM, slim + brotli(readFileSync(join(pkg, 'dist/tokenward-lean.wasm'))));
  return { measured, downloads };
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length;
}
