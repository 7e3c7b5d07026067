// An app that uses one preset carries that one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = fileURLToPath(new URL('../../pkg/dist/', import.meta.url));
const presets = await import('../../pkg/dist/providers/index.js');

const bundle = async (contents) => {
  const result = await build({
    stdin: { contents, resolveDir: dist },
    bundle: true, minify: true, format: 'esm', target: 'es2022', write: false, logLevel: 'error',
  });
  return result.outputFiles[0].text;
};

test('each preset stands for itself', async () => {
  for (const name of Object.keys(presets)) {
    const text = await bundle(`export { ${name} } from './providers/index.js';`);
    assert.ok(text.includes(`"${name}"`), name);
    for (const other of Object.keys(presets).filter((other) => other !== name)) {
      assert.ok(!text.includes(`"${other}"`), `${other} is in the bundle of ${name}`);
    }
    assert.ok(text.length < 4000, `${name}: ${text.length}`);
  }
});

test('an import that uses none is nothing', async () => {
  assert.equal(await bundle("import './providers/index.js';"), '');
  assert.ok(!(await bundle("export { isAuthError } from './index.js';")).includes('keycloak'));
});
