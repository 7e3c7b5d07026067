// One browser and one world of servers; every app is a page of the same provider.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { By, error as webdriverErrors } from 'selenium-webdriver';
import { startWorld } from '../../www-example/server/world.mjs';
import { startBrowser } from '../e2e/browsers.mjs';
import { until } from '../e2e/until.mjs';
import { WORK } from './tarball.mjs';

/** How long anything is waited for. Generous: it says that something hangs, not how fast it is. */
const PATIENCE = 60_000;

/** Each is its own redirect URI. */
const PAGES = [
  'react/', 'react/slim.html', 'vue/',
  'bundle/', 'bundle/module.html', 'bundle/slim.html',
  'page/', 'page/slim.html',
  'vault/webpack.html', 'vault/rollup.html', 'vault/esbuild.html', 'vault/plain.html', 'vault/out/vite/vite.html',
];

const pathOf = (page) => `/packaging/${page}`;

/** Starts servers and browser. */
export async function openStage() {
  const stage = new Stage();
  stage.world = await startWorld({
    clients: [{ client_id: 'packaging', redirect_uris: PAGES.map(pathOf) }],
    mounts: {
      [pathOf('react/')]: join(WORK, 'react/dist'),
      [pathOf('vue/')]: { dir: join(WORK, 'vue/dist'), spa: true },
      [pathOf('bundle/')]: join(WORK, 'bundle'),
      [pathOf('page/')]: stage.pageMount,
      [pathOf('vault/')]: join(WORK, 'vault'),
    },
  });
  try {
    stage.browser = await startBrowser('chromium');
  } catch (error) {
    await stage.world.stop();
    throw error;
  }
  return stage;
}

class Stage {
  world;
  browser;
  pageMount = { dir: join(WORK, 'page'), headers: {} };

  get driver() {
    return this.browser.driver;
  }

  /** What an app has to know, for the pages that the world serves. */
  get config() {
    return { issuer: this.world.issuer, clientId: 'packaging', apiUrl: this.world.apiUrl };
  }

  /** Address of a page that the world serves. */
  urlOf(page) {
    return new URL(pathOf(page), this.world.pagesUrl).href;
  }

  /** Registers an app on an origin of its own and gives what it has to know. */
  register(clientId, redirectUris) {
    this.world.addClient({ client_id: clientId, redirect_uris: redirectUris });
    return { ...this.config, clientId };
  }

  /** Lets the pages of the plain app run one inline script, as a page with an import map has to. */
  async allowInline(script) {
    const response = await fetch(this.world.pagesUrl);
    const hash = createHash('sha256').update(script).digest('base64');
    const policy = response.headers.get('Content-Security-Policy');
    this.pageMount.headers['Content-Security-Policy'] = policy.replace("script-src 'self'", `script-src 'self' 'sha256-${hash}'`);
  }

  /** Nothing of the last app is left: a new tab, nobody signed in, no count. */
  async begin() {
    const { world, driver } = this;
    world.revoke();
    world.endSessions();
    const old = await driver.getWindowHandle();
    await driver.switchTo().newWindow('tab');
    const fresh = await driver.getWindowHandle();
    await driver.switchTo().window(old);
    await driver.close();
    await driver.switchTo().window(fresh);
    await this.complaints();
    world.counts.reset();
    world.errors.length = 0;
  }

  /** Opens a page that leaves for the login by itself, logs in, and expects it to end up signed in. */
  async signIn(url, endsAt = url) {
    await this.driver.get(url);
    await this.passLoginPage();
    await this.expectSignedIn(endsAt);
  }

  /** At the provider: the login page, as a person would fill it in. */
  async passLoginPage() {
    const name = await this.until('the login page', () => this.driver.findElement(testId('login-username')));
    assert.ok((await this.driver.getCurrentUrl()).startsWith(this.world.issuer));
    await name.clear();
    await name.sendKeys('ada');
    await this.driver.findElement(testId('login-submit')).click();
  }

  /** The page is signed in, has a live token of the provider, and its API call was answered. */
  async expectSignedIn(url) {
    await this.until('the page is signed in', async () => (await this.text('status')) === 'signed-in');
    const token = await this.until('the page has a token', () => this.text('token'));
    const answer = JSON.parse(await this.until('the API has answered', () => this.text('api')));
    assert.equal(answer.sub, 'ada');
    assert.equal(await this.text('name'), 'Ada Lovelace');
    const issued = await this.world.provider.AccessToken.find(token);
    assert.equal(issued?.accountId, 'ada', 'the token on the page is none of the provider');
    assert.equal(await this.driver.getCurrentUrl(), url);
  }

  /** What one login costs: whatever StrictMode, a bundler or a dev server do, the code is redeemed once. */
  expectRequests({ logins = 1 } = {}) {
    const { counts } = this.world;
    assert.deepEqual(counts.grants, { authorization_code: logins });
    assert.equal(counts.jwks, logins, 'key set asked for');
    assert.equal(counts.discovery, logins, 'discovery asked for');
    assert.equal(counts.preflight, 0, 'preflights at the provider');
    assert.deepEqual(this.world.errors.map(String), []);
  }

  /** Warnings and errors of the browser's console since the last call: exceptions, refused files, CSP. */
  async complaints() {
    const entries = await this.driver.manage().logs().get('browser');
    return entries.map(({ level, message }) => `${level} ${message}`);
  }

  /** What the page has loaded, as paths. */
  async loaded() {
    const names = await this.driver.executeScript('return performance.getEntriesByType("resource").map(({ name }) => name)');
    return names.map((name) => new URL(name).pathname);
  }

  /** Text of an element, or undefined. */
  async text(id) {
    const [element] = await this.driver.findElements(testId(id));
    return element?.getText();
  }

  async click(id) {
    const element = await this.until(`the element ${id}`, () => this.driver.findElement(testId(id)));
    await element.click();
  }

  /** Waits until something holds, and gives it. */
  until(what, probe, patience = PATIENCE) {
    const explain = async () => {
      const url = await this.driver.getCurrentUrl().catch(() => '?');
      const shown = await this.driver.executeScript('return document.body?.innerText').catch(() => '?');
      const complaints = await this.complaints().catch(() => []);
      return `${url}\n${shown}\n${complaints.join('\n')}\n`;
    };
    return until(what, probe, { patience, isPassing, explain });
  }

  async stop() {
    await this.browser.stop();
    await this.world.stop();
  }
}

export function testId(id) {
  return By.css(`[data-testid="${id}"]`);
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What WebDriver says while a page goes away. */
function isPassing(error) {
  const { NoSuchElementError, StaleElementReferenceError, JavascriptError } = webdriverErrors;
  return [NoSuchElementError, StaleElementReferenceError, JavascriptError].some((kind) => error instanceof kind);
}
