// The package where there is no browser: servers that render, test runners, scripts.

import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const CLIENT = ['AuthError', 'createClient', 'isAuthError'];
const REFUSED = 'AuthError environment_unsupported engine';

async function probe(app, name, args = [], flags = []) {
  await copyFile(fileURLToPath(new URL(`../probes/${name}`, import.meta.url)), app.path(name));
  const { stdout, stderr } = await app.node([...flags, name, ...args]);
  assert.equal(stderr, '', 'the import warns');
  return stdout.trim();
}

async function imports(app, entries, frameworks = []) {
  const { found, refusals, ...effects } = JSON.parse(await probe(app, 'import.mjs', [...frameworks, '--', ...entries]));
  assert.deepEqual(effects, { calls: [], globals: [], listeners: 0 });
  return { found, refusals };
}

export const cases = {
  async 'import does nothing, createClient refuses'({ apps }) {
    const { found, refusals } = await imports(await apps.page, ['tokenward', 'tokenward/slim']);
    assert.deepEqual(found, { tokenward: CLIENT, 'tokenward/slim': CLIENT });
    assert.deepEqual(refusals, { tokenward: REFUSED, 'tokenward/slim': REFUSED });
  },

  async 'tokenward/providers: import, and use without a browser'({ apps }) {
    const { found } = await imports(await apps.page, ['tokenward/providers']);
    assert.deepEqual(found['tokenward/providers'], [
      'apigee', 'auth0', 'azureB2C', 'bitbucket', 'cognito', 'discord', 'entra', 'github', 'google', 'keycloak', 'monzo', 'okta',
      'shareFile', 'spotify', 'twitch', 'zitadel',
    ]);
  },

  async 'tokenward/testing: import, and a client without a browser'({ apps }) {
    const app = await apps.page;
    const { found } = await imports(app, ['tokenward/testing']);
    assert.deepEqual(found['tokenward/testing'], ['createTestClient', 'testError']);
    assert.equal(await probe(app, 'testing.mjs'), 'signed-in test-token');
  },

  async 'the module and package.json are found, what is inside is not'({ apps }) {
    assert.deepEqual(JSON.parse(await probe(await apps.page, 'resolve.mjs')), {
      valid: true,
      name: 'tokenward',
      hidden: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
    });
  },

  async 'an adapter without its framework names what is missing'({ apps }) {
    const app = await (await apps.page).outside();
    const { found } = await imports(app, ['tokenward/react', 'tokenward/vue']);
    assert.match(found['tokenward/react'], /^ERR_MODULE_NOT_FOUND: Cannot find package 'react'/);
    assert.match(found['tokenward/vue'], /^ERR_MODULE_NOT_FOUND: Cannot find package 'vue'/);
  },

  async 'require() works where Node can require modules, and says so where it cannot'({ apps }) {
    const app = await apps.page;
    const able = process.features.require_module === true;
    if (able) {
      const quiet = ['--disable-warning=ExperimentalWarning'];
      assert.equal(await probe(app, 'require.cjs', [], quiet), 'function\nfunction');
    }
    const flags = able ? ['--no-experimental-require-module'] : [];
    assert.match(await probe(app, 'require.cjs', [], flags), /^ERR_REQUIRE_ESM require\(\) of ES Module .*\nfunction$/);
  },

  async 'tokenward/react: import, and rendering on a server'({ apps }) {
    const app = await apps.react;
    const { found } = await imports(app, ['tokenward/react'], ['react']);
    assert.deepEqual(found['tokenward/react'], ['AuthProvider', 'RequireAuth', 'useAccessToken', 'useAuth']);
    assert.equal(await probe(app, 'react-server.mjs'), '<p>loading</p>wait');
  },

  async 'tokenward/vue: import, and rendering on a server'({ apps }) {
    const app = await apps.vue;
    const { found } = await imports(app, ['tokenward/vue'], ['vue']);
    assert.deepEqual(found['tokenward/vue'], ['createAuth', 'createAuthGuard', 'useAuth']);
    assert.equal(await probe(app, 'vue-server.mjs'), '<p>loading</p>');
  },
};
