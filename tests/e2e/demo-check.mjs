#!/usr/bin/env node
// node tests/e2e/demo-check.mjs: the demo as a person would use it, in headless Chromium. The package and the example
// pages must have been built.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { By } from 'selenium-webdriver';
import { Select } from 'selenium-webdriver/lib/select.js';
import { startBrowser } from './browsers.mjs';

const SERVER = fileURLToPath(new URL('../../www-example/server/main.mjs', import.meta.url));
const APPS = ['plain', 'react', 'vue'];
const VAULTS = { page: 'page', worker: 'worker', shared: 'shared-worker' };
const PERSISTENCES = ['memory', 'sealed'];
const PATIENCE = 60_000;

let browser;
let server;
let step = 'start';
let combination = 0;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
process.once('exit', () => server?.kill('SIGKILL'));

try {
  say('start the demo server');
  const home = await startServer();
  say('start headless Chromium');
  browser = await startBrowser('chromium');
  say(`Chromium ${browser.version} at ${home}`);
  await browser.driver.get(home);
  for (const app of APPS) await visit(home, app);
  for (const vault of Object.keys(VAULTS)) {
    for (const persistence of PERSISTENCES) await settle(home, APPS[combination % APPS.length], vault, persistence);
  }
  console.log('\nthe demo works: plain page, React and Vue, in every vault and persistence');
} catch (error) {
  console.error(`\nfailed at: ${step}\n${error.message}`);
  await explain();
  process.exitCode = 1;
} finally {
  await browser?.stop();
  if (server && server.exitCode === null) {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
}

/** One app from the first visit to the logout. */
async function visit(home, app) {
  console.log(`\n${app}`);
  say('open the page');
  await browser.driver.get(home);
  await press(`open-${app}`);
  await status('signed-out');

  say('sign in');
  await press('login');
  await press('login-submit');
  await status('signed-in');
  await until('a clean address', async () => (await browser.driver.getCurrentUrl()) === `${home}${app}/`);
  await text('user', /^Ada Lovelace$/);
  await text('claims', /ada@example\.com/);
  await text('scope', /offline_access/);

  say('get a token');
  await press('get-token');
  await text('api-result', /^….+ in .*ms\.$/);

  say('call the API');
  await press('call-api');
  await text('api-result', /^200: hello ada/);

  say('1,000 callers, tokens that live 8 seconds from now on');
  const lifetime = await find('lifetime');
  if ((await lifetime.getAttribute('value')) !== '8') {
    await new Select(lifetime).selectByValue('8');
    await until('the new lifetime', async () => (await events('lifetime')) > 0);
  }
  await press('get-token-many');
  await text('api-result', /^1 new token for all, 1 request at the server/);

  say('see two more rotations');
  const before = Number(await read('rotations'));
  await until('two rotations by themselves', async () => Number(await read('rotations')) >= before + 2);
  await status('signed-in');

  say('let it expire');
  await press('expire');
  await status('expired');
  await text('error', /session_ended/);
  if ((await events('session-expired')) !== 1) throw new Error('session-expired is not in the timeline once');

  say('sign in again');
  // Without a password: the provider still knows this browser.
  await press('login');
  await status('signed-in');

  say('sign out');
  await signOut();
  await until('a clean address', async () => (await browser.driver.getCurrentUrl()) === `${home}${app}/`);
}

/** One place for the session: sign in, a second tab, a reload, sign out. The apps take turns. */
async function settle(home, app, vault, persistence) {
  combination += 1;
  const { driver } = browser;
  console.log(`\n${app}, vault ${vault}, persistence ${persistence}`);
  const lasting = persistence === 'sealed';
  const shared = lasting || vault === 'shared';

  say('open the page');
  await driver.get(`${home}${app}/?vault=${vault}&persistence=${persistence}`);
  await status('signed-out');
  await lives(vault, persistence);

  say('sign in');
  await signIn();
  await press('call-api');
  await text('api-result', /^200: hello/);

  say('open another tab');
  const before = await driver.getAllWindowHandles();
  await press('open-tab');
  await until('a second tab', async () => (await driver.getAllWindowHandles()).length > before.length);
  const second = (await driver.getAllWindowHandles()).find((handle) => !before.includes(handle));
  await driver.switchTo().window(second);
  await lives(vault, persistence);
  if (shared) {
    await status('signed-in');
    if ((await events('found')) !== 1) throw new Error('the second tab was not signed in at once');
    await press('call-api');
    await text('api-result', /^200: hello/);
  } else {
    await status('signed-out');
  }

  say('reload it');
  await driver.navigate().refresh();
  await lives(vault, persistence);
  await status(shared ? 'signed-in' : 'signed-out');

  say('sign out');
  await driver.switchTo().window(before[0]);
  await signOut();
  await driver.switchTo().window(second);
  await status('signed-out');
  await driver.close();
  await driver.switchTo().window(before[0]);
}

async function signIn() {
  await press('login');
  // The provider may still know this browser.
  await until('signed in, or asked for a name', async () => {
    const [submit] = await browser.driver.findElements(By.css('[data-testid="login-submit"]'));
    if (submit) await submit.click();
    return (await statusNow()) === 'signed-in';
  });
}

/** The page leaves for the provider's logout, and comes back; what is next must not meet it on the way. */
async function signOut() {
  const { driver } = browser;
  await driver.executeScript('window.leaves = true');
  await press('logout');
  await until('away', async () => (await driver.executeScript('return window.leaves')) !== true);
  await status('signed-out');
}

/** The session is where it was to be. */
function lives(vault, persistence) {
  return until(`the session in ${vault}, ${persistence}`, async () => {
    const place = await find('lives');
    return (
      (await place.getAttribute('data-vault')) === VAULTS[vault] &&
      (await place.getAttribute('data-persistence')) === persistence
    );
  });
}

function say(what) {
  step = what;
  console.log(`  ${what}`);
}

async function startServer() {
  server = spawn(process.execPath, [SERVER, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (chunk) => {
      output += chunk;
      const address = /Tokenward demo: (\S+)/.exec(output)?.[1];
      if (address) resolve(address);
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`the demo server ended (${code})`)));
  });
}

async function until(what, probe) {
  const end = Date.now() + PATIENCE;
  let last;
  for (;;) {
    try {
      if (await probe()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s${last ? ` (${last.message})` : ''}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

function find(id) {
  return browser.driver.findElement(By.css(`[data-testid="${id}"]`));
}

async function read(id) {
  return (await find(id)).getText();
}

async function statusNow() {
  return (await find('status')).getAttribute('data-status');
}

function status(wanted) {
  return until(`status ${wanted}`, async () => (await statusNow()) === wanted);
}

function text(id, wanted) {
  return until(`${id} ${wanted}`, async () => wanted.test(await read(id)));
}

/** How many lines of this kind the timeline has. */
async function events(kind) {
  const lines = await browser.driver.findElements(By.css(`[data-testid="timeline"] [data-event="${kind}"]`));
  return lines.length;
}

function press(id) {
  return until(`the button ${id}`, async () => {
    const element = await find(id);
    if (!(await element.isDisplayed()) || !(await element.isEnabled())) return false;
    await element.click();
    return true;
  });
}

/** What the page showed when it went wrong. */
async function explain() {
  try {
    console.error(`at ${await browser.driver.getCurrentUrl()}`);
    console.error(await browser.driver.findElement(By.css('body')).getText());
  } catch {
    // There is no page.
  }
}
