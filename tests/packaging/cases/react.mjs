// A fresh Vite app with React, TypeScript and StrictMode.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { buildApp, changeTitle, startDevServer } from '../vite.mjs';

let built;
/** Both pages are made by one build. */
const buildOnce = async ({ apps, stage }) => (built ??= buildApp(await apps.react, stage));

export const cases = {
  async 'production build'(bench) {
    await buildOnce(bench);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('react/'));
    stage.expectRequests();
    assert.ok(!(await stage.loaded()).some((path) => path.endsWith('.wasm')), 'the default entry needs no asset');
  },

  async 'production build, tokenward/slim with the module as an asset'(bench) {
    await buildOnce(bench);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('react/slim.html'));
    stage.expectRequests();
    const loaded = await stage.loaded();
    assert.ok(loaded.some((path) => /\/assets\/tokenward-lean-[\w-]+\.wasm$/.test(path)), loaded.join('\n'));
    const app = await bench.apps.react;
    for (const part of ['inline.js', 'inline-lean.js']) {
      const inlined = String(bench.tarball.files.get(`dist/${part}`)).slice(100, 200);
      const holders = [];
      for (const name of await readdir(app.path('dist/assets'))) {
        if ((await app.read(`dist/assets/${name}`)).includes(inlined)) holders.push(name);
      }
      assert.equal(holders.length, 1, `${part} is in ${holders.join(' and ')}`);
      assert.ok(!loaded.some((path) => path.endsWith(holders[0])), 'slim must not load the inlined module');
    }
  },

  async 'dev server: first load, reload, a change while it runs'(bench) {
    const { apps, stage } = bench;
    const app = await apps.react;
    const server = await startDevServer(app, stage, ['']);
    try {
      await stage.signIn(server.urlOf(''));
      stage.expectRequests();
      assert.deepEqual(await server.prebundled(), ['tokenward', 'tokenward/react', 'tokenward/slim']);

      await stage.driver.navigate().refresh();
      await stage.expectSignedIn(server.urlOf(''));
      stage.expectRequests({ logins: 2 });

      await changeTitle(app, stage, 'src/App.tsx');
    } finally {
      await server.stop();
    }
  },

  async 'dev server: tokenward/slim with the module as an asset'(bench) {
    const { apps, stage } = bench;
    const server = await startDevServer(await apps.react, stage, ['slim.html']);
    try {
      await stage.signIn(server.urlOf('slim.html'));
      stage.expectRequests();
      assert.ok((await stage.loaded()).includes('/node_modules/tokenward/dist/tokenward-lean.wasm'));
    } finally {
      await server.stop();
    }
  },
};
