// Which of the files that a bundler made a page loads.
import { basename } from 'node:path';

/**
 * `outputs`: as esbuild describes them. The entry with what it imports; and of the parts that are loaded on demand those of which
 * `wanted` says so, by their name.
 */
export const loadedFiles = (outputs, wanted) => {
  const loaded = new Set();
  const load = (file) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path, kind, external } of outputs[file].imports) if (kind === 'import-statement' && !external) load(path);
  };
  for (const [file, { entryPoint }] of Object.entries(outputs)) {
    if (entryPoint && (entryPoint === '<stdin>' || wanted(basename(entryPoint, '.js')))) load(file);
  }
  return loaded;
};

/** The parts that a page loads whose options need no more than the lean module. */
export const LEAN = ['page', 'inline-lean'];
