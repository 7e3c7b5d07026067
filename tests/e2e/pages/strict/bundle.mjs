// The built example is React's production build, in which StrictMode does nothing: here is the development build.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A development tool of the workspace, not of the tests.
const { build } = createRequire(new URL('../../../../package.json', import.meta.url))('esbuild');

/** Gives what serves the bundle; `pkg` is the folder of the package. */
export async function bundleStrict(pkg) {
  const { outputFiles: [{ contents }] } = await build({
    entryPoints: [fileURLToPath(new URL('strict.jsx', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"development"' },
    alias: { 'tokenward/react': join(pkg, 'dist/react.js') },
    nodePaths: [fileURLToPath(new URL('../../../../node_modules', import.meta.url))],
    logLevel: 'warning',
  });
  return (_req, res) => {
    res.setHeader('Content-Type', 'text/javascript; charset=utf-8');
    res.end(contents);
  };
}
