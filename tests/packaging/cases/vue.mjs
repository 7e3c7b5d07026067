// A fresh Vite app with Vue single-file components, TypeScript and a router guard.

import assert from 'node:assert/strict';
import { buildApp, changeTitle, startDevServer } from '../vite.mjs';

let built;
const buildOnce = async ({ apps, stage }) => (built ??= buildApp(await apps.vue, stage));

/** The public page, then the one that needs a user. */
async function signInByLink(stage, home) {
  await stage.driver.get(home);
  await stage.until('the public page', async () => (await stage.text('home')) === 'signed-out');
  await stage.click('link');
  await stage.passLoginPage();
  await stage.expectSignedIn(`${home}me`);
}

export const cases = {
  async 'production build: from a public page'(bench) {
    await buildOnce(bench);
    const { stage } = bench;
    await signInByLink(stage, stage.urlOf('vue/'));
    stage.expectRequests();
  },

  async 'production build: straight to a page that needs a user'(bench) {
    await buildOnce(bench);
    const { stage } = bench;
    await stage.signIn(stage.urlOf('vue/me'));
    stage.expectRequests();
  },

  async 'dev server: first load, reload, a change while it runs'(bench) {
    const { apps, stage } = bench;
    const app = await apps.vue;
    const server = await startDevServer(app, stage, ['']);
    try {
      await signInByLink(stage, server.urlOf(''));
      stage.expectRequests();
      assert.deepEqual(await server.prebundled(), ['tokenward/vue']);

      await stage.driver.navigate().refresh();
      await stage.expectSignedIn(server.urlOf('me'));
      stage.expectRequests({ logins: 2 });

      await changeTitle(app, stage, 'src/App.vue');
    } finally {
      await server.stop();
    }
  },
};
