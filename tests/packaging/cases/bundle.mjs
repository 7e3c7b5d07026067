// esbuild without any plugin or loader.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { configModule } from '../config.mjs';

async function build({ apps, stage }, script) {
  const app = await apps.bundle;
  await app.write('src/config.ts', configModule(stage.config));
  const { output } = await app.run('npm', ['run', script]);
  assert.doesNotMatch(output, /\[(WARNING|ERROR)\]/);
  return app;
}

function expectPlainText(text) {
  // Without `--charset=utf8` esbuild escapes what is not ASCII: bytes in a string would double in size.
  assert.match(text, /^[\x00-\x7F]*$/);
}

export const cases = {
  async 'one classic script, minified'(bench) {
    const app = await build(bench, 'build');
    const text = await app.read('out/main.js');
    expectPlainText(text);
    const { files } = bench.tarball;
    const scripts = [...files].filter(([name]) => /\/(?!react|vue|source|slim|vault)[\w-]+\.js$/.test(name));
    const size = scripts.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    assert.ok(text.length < size, `the bundle has ${text.length} bytes, what went in ${size}`);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('bundle/'));
    stage.expectRequests();
  },

  async 'modules in chunks, minified'(bench) {
    const app = await build(bench, 'build:module');
    for (const name of await readdir(app.path('out/module'))) {
      assert.match(name, /\.js$/);
      expectPlainText(await readFile(app.path('out/module', name), 'utf8'));
    }
    const { stage } = bench;
    await stage.signIn(stage.urlOf('bundle/module.html'));
    stage.expectRequests();
  },

  async 'tokenward/slim with the module as a file'(bench) {
    const app = await build(bench, 'build:slim');
    const names = (await readdir(app.path('out/slim'))).sort();
    assert.equal(names.length, 2);
    assert.equal(names[0], 'slim.js');
    assert.match(names[1], /^tokenward-lean-\w+\.wasm$/);
    const text = await app.read('out/slim/slim.js');
    assert.ok(text.length < 64 * 1024, `without the module the script still has ${text.length} bytes`);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('bundle/slim.html'));
    stage.expectRequests();
    assert.ok((await stage.loaded()).includes(`/packaging/bundle/out/slim/${names[1]}`));
  },
};
