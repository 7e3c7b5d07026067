// A page of plain modules: the files of the installed package as any web server has them.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { configModule } from '../config.mjs';

async function prepared({ apps, stage }) {
  const app = await apps.page;
  await app.write('config.js', configModule(stage.config));
  const [, map] = /<script type="importmap">(.*)<\/script>/.exec(await app.read('slim.html'));
  await stage.allowInline(map);
  return app;
}

export const cases = {
  async 'nothing else is installed with it'({ apps }) {
    const names = await readdir((await apps.page).path('node_modules'));
    assert.deepEqual(names.filter((name) => !name.startsWith('.')), ['tokenward']);
  },

  async 'the default entry'(bench) {
    await prepared(bench);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('page/'));
    stage.expectRequests();
    assert.equal(await stage.text('vault'), 'page');
    const loaded = await stage.loaded();
    assert.ok(loaded.some((path) => path.endsWith('/dist/inline-lean.js')));
    assert.ok(!loaded.some((path) => path.endsWith('/inline.js')), 'nothing asks for the whole module');
    assert.ok(!loaded.some((path) => path.endsWith('.wasm')), 'the default entry needs no asset');
  },

  async 'tokenward/slim by an import map, the module by its address'(bench) {
    await prepared(bench);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('page/slim.html'));
    stage.expectRequests();
    const loaded = await stage.loaded();
    assert.ok(loaded.some((path) => path.endsWith('/dist/tokenward-lean.wasm')));
    assert.ok(!loaded.some((path) => /\/inline[\w-]*\.js$/.test(path)), 'slim must not load the inlined module');
  },
};
