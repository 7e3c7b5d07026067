// Browsers without a screen, each behind its WebDriver. The drivers are started by hand: nothing is downloaded, every
// port is a free one, and what was started is ended by its own process id.

import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Builder } from 'selenium-webdriver';

const START_LIMIT = 60_000;

export const BROWSERS = { chromium, firefox, webkit };

/**
 * Starts one browser.
 *
 * @param {'chromium' | 'firefox' | 'webkit'} name
 * @returns {Promise<{ name: string, version: string, url: string, driver: import('selenium-webdriver').WebDriver, stop(): Promise<void> }>}
 */
export async function startBrowser(name) {
  if (!Object.hasOwn(BROWSERS, name)) throw new Error(`no browser ${name}; there are ${Object.keys(BROWSERS).join(', ')}`);
  const cleanups = [];
  const stop = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  };
  const onExit = () => {
    for (const cleanup of cleanups.reverse()) cleanup.atExit?.();
  };
  process.once('exit', onExit);
  cleanups.push(() => process.off('exit', onExit));
  try {
    const { url, capabilities } = await BROWSERS[name](cleanups);
    const driver = await new Builder().disableEnvironmentOverrides().usingServer(url).withCapabilities(capabilities).build();
    cleanups.push(() => driver.quit().catch(() => {}));
    await driver.manage().setTimeouts({ script: 60_000, pageLoad: 60_000, implicit: 0 });
    const version = (await driver.getCapabilities()).getBrowserVersion() ?? '';
    return { name, version, url, driver, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function chromium(cleanups) {
  const binary = need(['chromium', 'chromium-browser', 'google-chrome'], 'chromium');
  const program = need(['chromedriver'], 'chromium-driver');
  const profile = folder(cleanups);
  const url = await driverOn(cleanups, program, (port) => [`--port=${port}`]);
  return {
    url,
    capabilities: {
      browserName: 'chrome',
      'goog:chromeOptions': {
        binary,
        args: [
          '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
          '--disable-background-networking', '--disable-component-update', '--disable-sync',
          `--user-data-dir=${profile}`,
        ],
      },
    },
  };
}

async function firefox(cleanups) {
  const binary = need(['firefox-esr', 'firefox'], 'firefox-esr');
  const program = find(['geckodriver'], [
    fileURLToPath(new URL('../../target/tools/bin', import.meta.url)),
    join(homedir(), '.cargo/bin'),
  ]);
  if (!program) throw new Error('geckodriver is missing: cargo install --locked geckodriver');
  const profiles = folder(cleanups);
  const url = await driverOn(cleanups, program, (port) => ['--port', `${port}`, '--profile-root', profiles]);
  return {
    url,
    capabilities: {
      browserName: 'firefox',
      'moz:firefoxOptions': { binary, args: ['-headless'] },
    },
  };
}

async function webkit(cleanups) {
  const program = need(['WebKitWebDriver'], 'webkit2gtk-driver');
  const binary = miniBrowser();
  if (!binary) throw new Error('the MiniBrowser of WebKitGTK is missing: apt-get install -y webkit2gtk-driver');
  const home = folder(cleanups);
  const env = {
    ...process.env,
    DISPLAY: process.env.DISPLAY ?? (await display(cleanups)),
    // A profile of its own, software rendering, and no sandbox: containers do not let one be made.
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_CONFIG_HOME: join(home, 'config'),
    GTK_A11Y: 'none',
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
  };
  const url = await driverOn(cleanups, program, (port) => [`--port=${port}`], env);
  return {
    url,
    capabilities: {
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary, args: ['--automation'] },
    },
  };
}

/** A virtual screen of its own; X finds a free number by itself. */
async function display(cleanups) {
  const program = need(['Xvfb'], 'xvfb');
  const child = run(cleanups, program, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await Promise.race([
    new Promise((resolve) => {
      let text = '';
      child.stdio[3].on('data', (chunk) => {
        text += chunk;
        if (text.includes('\n')) resolve(text.trim());
      });
    }),
    ended(child, program),
    tooLong(program),
  ]);
  return `:${number}`;
}

/** Starts a driver and waits until it answers. */
async function driverOn(cleanups, program, args, env = process.env) {
  const port = await freePort();
  const child = run(cleanups, program, args(port), { env, stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    for (;;) {
      const status = await fetch(`${url}/status`).then((response) => response.ok, () => false);
      if (status) return;
      await wait(50);
    }
  };
  await Promise.race([answers(), ended(child, program), tooLong(program)]);
  return url;
}

/** A child that ends with this process, whatever happens: it leads a group, so that what it starts ends with it. */
function run(cleanups, program, args, options) {
  const child = spawn(program, args, { ...options, detached: true });
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
    } catch {
      // It has ended.
    }
  };
  const cleanup = async () => {
    if (child.pid === undefined) return;
    signal('SIGTERM');
    const forced = setTimeout(() => signal('SIGKILL'), 5000);
    await gone;
    clearTimeout(forced);
    signal('SIGKILL');
  };
  cleanup.atExit = () => child.pid !== undefined && signal('SIGKILL');
  cleanups.push(cleanup);
  return child;
}

function ended(child, program) {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`${program} ended (${signal ?? code})`)));
  });
}

function tooLong(program) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${program} does not answer`)), START_LIMIT).unref();
  });
}

/** A folder that is removed at the end; what a dying browser still writes there must not spoil the end. */
function folder(cleanups) {
  const path = mkdtempSync(join(tmpdir(), 'tokenward-e2e-'));
  const remove = () => {
    try {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    } catch {
      // The system empties its folder for temporary files.
    }
  };
  const cleanup = async () => remove();
  cleanup.atExit = remove;
  cleanups.push(cleanup);
  return path;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function need(names, debianPackage) {
  const found = find(names);
  if (!found) throw new Error(`${names[0]} is missing: apt-get install -y ${debianPackage}`);
  return found;
}

function find(names, folders = []) {
  const all = [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...folders];
  for (const name of names) {
    const found = all.map((dir) => join(dir, name)).find(isProgram);
    if (found) return found;
  }
  return undefined;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** WebKitGTK's test browser, where Debian and others put it; the newest API first. */
function miniBrowser() {
  const below = (dir) => {
    try {
      return readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(dir, entry.name));
    } catch {
      return [];
    }
  };
  const roots = ['/usr/lib', '/usr/lib64', '/usr/libexec'];
  const folders = roots.flatMap((root) => [...below(root), ...below(root).flatMap(below)]);
  return folders
    .filter((dir) => /\/webkit2?gtk-[\d.]+$/.test(dir))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((dir) => join(dir, 'MiniBrowser'))
    .find(isProgram);
}
