// One browser, one page with one library, and the hostile provider.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { mkdirSync, symlinkSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { listen } from '../../../www-example/server/listen.mjs';
import { startBrowser } from '../../e2e/browsers.mjs';
import { startHostileProvider } from '../provider/server.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function bundle(id) {
  const work = here(`../../../target/hostile/${id}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(`${work}/node_modules`, { recursive: true });
  symlinkSync(here('../../../pkg'), `${work}/node_modules/tokenward`, 'junction');
  const { outputFiles: [{ contents }] } = await build({
    entryPoints: [here(`libraries/${id}.js`)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    nodePaths: [`${work}/node_modules`, here('../../node_modules')],
    preserveSymlinks: true,
    write: false,
    logLevel: 'error',
  });
  return Buffer.from(contents);
}

export async function openStage(id) {
  const files = {
    '/peer/': ['text/html', readFileSync(here('page/index.html'))],
    '/peer/page.js': ['text/javascript', readFileSync(here('page/page.js'))],
    '/made/library.js': ['text/javascript', await bundle(id)],
    '/blank': ['text/html', Buffer.from('<title>nothing</title>')],
  };
  const provider = await startHostileProvider();
  const pages = await listen((req, res) => {
    const [type, bytes] = files[new URL(req.url, 'http://localhost').pathname] ?? [];
    res.writeHead(bytes ? 200 : 404, { 'Content-Type': `${type ?? 'text/plain'}; charset=utf-8`, 'Cache-Control': 'no-store' });
    res.end(bytes);
  });
  const origin = `http://localhost:${pages.port}`;
  const browser = await startBrowser('chromium');
  const { driver } = browser;
  const home = `${origin}/peer/`;

  const ready = () => until('the page is there', () => driver.executeScript('return document.readyState === "complete" && Boolean(window.peer)'));

  return {
    provider,
    browser,
    home,
    setup: { issuer: provider.issuer, clientId: 'e2e', redirectUri: home, scope: 'openid profile email offline_access', timeout: 2 },

    /** An address in a page that knows nothing of the last one. */
    async open(url = home) {
      await driver.get(`${origin}/blank`);
      await driver.get(url);
      await ready();
    },

    async forget() {
      await driver.get(`${origin}/blank`);
      await driver.sendAndGetDevToolsCommand('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
      await driver.executeScript('sessionStorage.clear()');
    },

    /** What became of one of the page's functions. */
    call: (name, argument) => driver.executeAsyncScript('const [name, argument, done] = arguments; peer[name](argument).then(done)', name, argument ?? null),

    /** Begins a login; the outcome if it never left or went somewhere else, otherwise nothing: the page is back from the provider. */
    async leave(setup) {
      await driver.executeScript('window.left = true; window.stays = undefined; peer.begin(arguments[0]).then((result) => { window.stays = result; })', setup);
      const seen = await until('the login ends', async () => {
        const page = await driver.executeScript('return { left: window.left === true, stays: window.stays ?? null, there: location.origin === arguments[0] && Boolean(window.peer) && document.readyState === "complete" }', origin);
        if (page.stays && (page.stays.error !== undefined || page.stays.hangs)) return page.stays;
        return !page.left && page.there && 'back';
      }).catch(() => ({ astray: true }));
      return seen === 'back' ? undefined : seen;
    },

    arrivedAt: () => driver.executeScript('return window.arrivedAt'),

    async stop() {
      await browser.stop();
      await Promise.all([pages.close(), provider.stop()]);
    },
  };
}

async function until(what, probe) {
  const end = Date.now() + 20_000;
  for (;;) {
    const found = await probe().catch(() => undefined);
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not after 20 s`);
    await new Promise((resolve) => { setTimeout(resolve, 25); });
  }
}
