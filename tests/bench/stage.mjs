// One browser and one world of servers. Every measurement has a page of its own, in a clean profile.

import { fileURLToPath } from 'node:url';
import { startWorld } from '../../www-example/server/world.mjs';
import { startBrowser } from '../e2e/browsers.mjs';

// Pages that are isolated have the finer clock, and may ask for their memory.
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const CHUNK = Buffer.alloc(50_000, 'tokenward ');
const MEGABYTE = 1_000_000;

export async function openStage({ pkg, measured }) {
  let sent = 0;
  /** As many megabytes as are asked for, no faster than they are taken. */
  const large = (url, res) => {
    let left = Number(url.searchParams.get('mb')) * MEGABYTE;
    sent = 0;
    const more = () => {
      while (left > 0) {
        left -= CHUNK.length;
        sent += CHUNK.length;
        if (!res.write(CHUNK)) return;
      }
      res.end();
    };
    res.on('drain', more);
    more();
  };
  const world = await startWorld({
    pkg,
    csp: '',
    ttl: { AccessToken: 600 },
    clients: [{ client_id: 'bench', redirect_uris: ['/bench/page/'] }],
    mounts: {
      '/bench/page/': { dir: fileURLToPath(new URL('page', import.meta.url)), headers: HEADERS },
      '/bench/pkg/': { dir: pkg, headers: HEADERS },
      '/bench/api/': (_req, res, url) => {
        if (url.pathname.endsWith('/large')) return large(url, res);
        res.setHeader('Content-Type', 'application/json');
        return res.end('{"hello":"ada"}');
      },
      '/bench/made/': (_req, res, url) => {
        const bytes = measured.get(url.pathname.slice('/bench/made/'.length));
        res.writeHead(bytes ? 200 : 404, { 'Content-Type': 'text/javascript; charset=utf-8', ...HEADERS });
        res.end(bytes);
      },
    },
  });
  let browser;
  try {
    browser = await startBrowser('chromium');
  } catch (error) {
    await world.stop();
    throw error;
  }
  const { driver } = browser;
  const origin = new URL(world.pagesUrl).origin;
  const devtools = (command, params = {}) => driver.sendAndGetDevToolsCommand(command, params);

  return {
    world,
    browser,
    devtools,
    home: `${origin}/bench/page/`,

    /** A fresh page without anything stored. */
    async open() {
      await devtools('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
      await driver.get(`${origin}/bench/page/`);
    },

    go: (url) => driver.get(url),

    /** How much of the last large answer has left. */
    sent: () => sent,

    /** Calls a function of a module in page/; an error there is an error here. */
    async call(module, name, args = {}) {
      const { value, error } = await driver.executeAsyncScript(
        `const [module, name, args, done] = arguments;
         import(\`/bench/page/\${module}.js\`).then((exports) => exports[name](args)).then(
           (value) => done({ value }),
           (error) => done({ error: String(error?.stack ?? error) + ' ' + (error?.code ?? '') + ' ' + (error?.hint ?? '') }),
         );`,
        module,
        name,
        args,
      );
      if (error) throw new Error(`page/${module}.js ${name}(${JSON.stringify(args)}): ${error}`);
      return value;
    },

    /** The same with a fresh page, for `measure`. */
    async measure(module, args) {
      await this.open();
      return this.call(module, 'measure', args);
    },

    async stop() {
      await browser.stop();
      await world.stop();
    },
  };
}
