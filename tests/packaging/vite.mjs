// An app's Vite: its production build and its dev server.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { viteEnvironment } from './config.mjs';
import { freePort } from './stage.mjs';

const START_LIMIT = 60_000;

/** Type-checks and builds the app for the place where the world serves it. Any warning is an error. */
export async function buildApp(app, stage) {
  const base = new URL(stage.urlOf(`${app.name}/`)).pathname;
  const { stderr } = await app.run('npm', ['run', 'build', '--', '--base', base], viteEnvironment(stage.config));
  assert.equal(stderr, '');
}

/** Starts the dev server, with nothing bundled before, on an origin that is registered at the provider. */
export async function startDevServer(app, stage, pages) {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const config = stage.register(`${app.name}-${port}`, pages.map((page) => `${origin}/${page}`));
  await rm(app.path('node_modules/.vite'), { recursive: true, force: true });
  const args = [app.path('node_modules/vite/bin/vite.js'), '--port', `${port}`, '--strictPort'];
  const server = app.start(process.execPath, args, viteEnvironment(config));
  const ready = async () => {
    while (!/Local:/.test(server.written())) await wait(50);
  };
  const ended = server.done.then(({ code, output }) => Promise.reject(new Error(`the dev server ended with ${code}:\n${output}`)));
  const late = wait(START_LIMIT, undefined, { ref: false }).then(() => Promise.reject(new Error(`the dev server does not start:\n${server.written()}`)));
  await Promise.race([ready(), ended, late]);
  return {
    urlOf: (page) => `${origin}/${page}`,

    /** Which entries of the package it has bundled before serving them. */
    async prebundled() {
      const { optimized } = JSON.parse(await app.read('node_modules/.vite/deps/_metadata.json'));
      return Object.keys(optimized).filter((name) => name.startsWith('tokenward'));
    },

    /** Leaves the page first: what it loads when it is signed in already would meet a closed port. */
    async stop() {
      try {
        await stage.driver.get('about:blank');
      } finally {
        const { stderr } = await server.stop();
        assert.equal(stderr, '');
      }
    },
  };
}

/** Changes the title in a source file of a running app, and expects the page to show it without a new login. */
export async function changeTitle(app, stage, file) {
  const { grants } = stage.world.counts;
  const before = { ...grants };
  const token = await stage.text('token');
  await stage.driver.executeScript('window.sameDocument = true');
  await app.write(file, (await app.read(file)).replace('First version', 'Second version'));
  await stage.until('the changed title', async () => (await stage.text('title')) === 'Second version');
  assert.equal(await stage.driver.executeScript('return window.sameDocument'), true, 'the page was loaded again');
  assert.equal(await stage.text('status'), 'signed-in');
  assert.equal(await stage.text('token'), token);
  assert.deepEqual({ ...grants }, before);
}
