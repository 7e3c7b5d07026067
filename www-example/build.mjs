#!/usr/bin/env node
// Builds the React and the Vue app into www-example/dist, with the package as it would be installed: a link in
// node_modules, so that every import goes through the `exports` of its package.json.
//
// node www-example/build.mjs [folder of the package, default ../pkg]

import { access, mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { build } from 'vite';

const here = dirname(fileURLToPath(import.meta.url));
const PLUGINS = { react, vue };

/** @param {string} [pkg] folder of the built package */
export async function buildExamples(pkg = join(here, '../pkg')) {
  await access(join(pkg, 'package.json')).catch(() => {
    throw new Error(`there is no package in ${pkg}: run \`cargo xtask build\` first`);
  });
  const link = join(here, 'node_modules/tokenward');
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { recursive: true, force: true });
  await symlink(resolve(pkg), link, 'junction');

  for (const [name, plugin] of Object.entries(PLUGINS)) {
    await build({
      configFile: false,
      root: join(here, name),
      base: `/${name}/`,
      publicDir: false,
      logLevel: 'warn',
      plugins: [plugin()],
      // The apps and the package's adapters share one copy of the framework.
      resolve: { dedupe: ['react', 'react-dom', 'vue', 'vue-router'] },
      build: { outDir: join(here, 'dist', name), emptyOutDir: true, target: 'es2022' },
    });
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildExamples(process.argv[2] && resolve(process.argv[2]));
}
