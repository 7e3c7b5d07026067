// The worker of the vault, as each bundler's users make it.

import assert from 'node:assert/strict';
import { copyFile, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configModule } from '../config.mjs';
import { startDevServer } from '../vite.mjs';

async function prepared({ apps, stage }) {
  const app = await apps.vault;
  // What the page without a bundler shows, too.
  for (const name of ['options.js', 'show.js']) {
    await copyFile(fileURLToPath(new URL(`../fixtures/page/${name}`, import.meta.url)), app.path('src', name));
  }
  await app.write('src/config.js', configModule(stage.config));
  return app;
}

/** Signs in, and expects the session in the worker and the wasm nowhere in what the page has loaded. */
async function signIn({ stage, tarball }, url) {
  await stage.signIn(url);
  assert.equal(await stage.text('vault'), 'shared-worker');
  stage.expectRequests();
  const inlined = ['inline.js', 'inline-lean.js'].map((name) => String(tarball.files.get(`dist/${name}`)).slice(100, 200));
  for (const path of await stage.loaded()) {
    // The worker's script is listed by some browsers; the page itself never runs it.
    if (/vault[\w-]*\.js$/.test(path) || !path.endsWith('.js')) continue;
    const text = await (await fetch(new URL(path, url))).text();
    assert.ok(!inlined.some((part) => text.includes(part)), `${path} brings a module into the page`);
  }
}

const bundled = (bundler) => async (bench) => {
  const app = await prepared(bench);
  await app.node(['build.mjs', bundler]);
  await signIn(bench, bench.stage.urlOf(`vault/${bundler}.html`));
};

export const cases = {
  webpack: bundled('webpack'),

  rollup: bundled('rollup'),

  esbuild: bundled('esbuild'),

  async 'without a bundler'(bench) {
    await prepared(bench);
    await signIn(bench, bench.stage.urlOf('vault/plain.html'));
  },

  async 'Vite, production build'(bench) {
    const app = await prepared(bench);
    const base = new URL(bench.stage.urlOf('vault/out/vite/')).pathname;
    const { stderr } = await app.node([app.path('node_modules/vite/bin/vite.js'), 'build', '--base', base]);
    assert.equal(stderr, '');
    await signIn(bench, bench.stage.urlOf('vault/out/vite/vite.html'));
    const assets = await readdir(app.path('out/vite/assets'));
    const inlined = String(bench.tarball.files.get('dist/inline.js')).slice(100, 200);
    const holders = [];
    for (const name of assets) {
      if ((await readFile(join(app.path('out/vite/assets'), name), 'utf8')).includes(inlined)) holders.push(name);
    }
    assert.ok(holders.some((name) => name.startsWith('vault')), holders.join(', '));
  },

  async 'Vite, dev server'(bench) {
    const app = await prepared(bench);
    const server = await startDevServer(app, bench.stage, ['vite.html']);
    try {
      const { port } = new URL(server.urlOf(''));
      await app.write('src/config.js', configModule({ ...bench.stage.config, clientId: `${app.name}-${port}` }));
      await bench.stage.signIn(server.urlOf('vite.html'));
      assert.equal(await bench.stage.text('vault'), 'shared-worker');
    } finally {
      await server.stop();
    }
  },
};
