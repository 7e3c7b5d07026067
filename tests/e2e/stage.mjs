// What every test stands on: one browser, one world of servers, one page whose options each test sets.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { By } from 'selenium-webdriver';
import { startWorld } from '../../www-example/server/world.mjs';
import { startHostileProvider } from '../hostile/provider/server.mjs';
import { startBrowser } from './browsers.mjs';
import { details, exchangeTokens, grantTypes } from './features.mjs';
import { bundleStrict } from './pages/strict/bundle.mjs';
import { until } from './until.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** How long anything is waited for. Generous: it says that something hangs, not how fast it is. */
const PATIENCE = 30_000;

/** How long a press of a button may seem to do nothing. */
const PRESS_AGAIN = 5000;

export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** What the servers of a world show and know. */
const scenery = async (stage, pkg) => ({
  pkg,
  connectSrc: [stage.hostile.origin, stage.hostile.elsewhere],
  clients: [
    { client_id: 'e2e', grant_types: grantTypes, authorization_details_types: ['payment'], redirect_uris: ['/e2e/app/', '/e2e/kept/', '/e2e/strict/', '/e2e/relay/', '/e2e/vault/'] },
    ...ALGORITHMS.map((alg) => ({
      client_id: `alg-${alg}`,
      redirect_uris: ['/e2e/app/'],
      id_token_signed_response_alg: alg,
      userinfo_signed_response_alg: alg,
    })),
  ],
  features: { richAuthorizationRequests: details },
  prepare: exchangeTokens,
  mounts: {
    '/e2e/': here('pages'),
    // The page that a provider has in a frame when its user logs out.
    '/e2e/frontchannel/': {
      dir: here('pages/frontchannel'),
      headers: { 'Content-Security-Policy': "default-src 'none'; script-src 'self'; img-src data:", 'Cache-Control': 'no-store' },
    },
    // The same page as browsers may keep it for the Back button.
    '/e2e/kept/': { dir: here('pages/app'), headers: { 'Cache-Control': 'no-cache' } },
    // The same page for servers that are started later: connect-src is every port of this machine.
    '/e2e/wide/': {
      dir: here('pages/app'),
      headers: { 'Content-Security-Policy': "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://localhost:*; img-src data:" },
    },
    // The same page under the policy that a page with a vault can have: nothing but scripts and workers of its own,
    // not even WebAssembly or a connection.
    '/e2e/vault/': { dir: here('pages/app'), headers: { 'Content-Security-Policy': VAULT_PAGE } },
    // The worker, with a policy of its own.
    '/e2e/worker/': async (req, res) => {
      res.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      const policy = vaultPolicy(stage.world);
      const parts = { tight: "'none'", watched: "'self' 'wasm-unsafe-eval'" };
      const [, part] = /\/(tight|watched)\//.exec(req.url) ?? [];
      res.setHeader('Content-Security-Policy', part ? policy.replace("'wasm-unsafe-eval'", parts[part]) : policy);
      res.end(await readFile(req.url.endsWith('/watch.js') ? here('pages/watched-worker.js') : join(pkg, 'dist/vault.js')));
    },
    '/e2e/made/': await bundleStrict(pkg),
    // A second copy of the package, as a careless bundle has it.
    '/e2e/copy/': pkg,
    '/setup/': (_req, res) => {
      res.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      res.end(stage.setupScript());
    },
  },
});

/** Starts browser and servers. `pkg`: folder of the built package. */
export async function openStage(browserName, { pkg = here('../../pkg') } = {}) {
  const stage = new Stage();
  stage.hostile = await startHostileProvider();
  stage.startWorld = async (hosts = {}) => startWorld({ ...(await scenery(stage, pkg)), hosts });
  stage.world = await stage.startWorld();
  try {
    stage.browser = await startBrowser(browserName);
  } catch (error) {
    await stage.hostile.stop();
    await stage.world.stop();
    throw error;
  }
  return stage;
}

const VAULT_PAGE = [
  "default-src 'none'", "script-src 'self'", "worker-src 'self'", 'img-src data:', "base-uri 'none'", "form-action 'none'",
  "require-trusted-types-for 'script'", 'trusted-types vault',
].join('; ');

const vaultPolicy = ({ issuer, apiUrl }) => `default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src ${issuer} ${apiUrl}`;

class Stage {
  world;
  /** Starts one more world like the one there is; `hosts`: where its servers are. */
  startWorld;
  /** The server that does what it is told (tests/hostile/provider). */
  hostile;
  browser;
  #options = {};
  #before = '';
  #vault;
  #tests = 0;

  get driver() {
    return this.browser.driver;
  }

  get counts() {
    return this.world.counts;
  }

  get home() {
    return `${this.world.pagesUrl}e2e/app/`;
  }

  /** The page whose policy has no room for an engine. */
  get vaultHome() {
    return `${this.world.pagesUrl}e2e/vault/`;
  }

  /** Does something where pages and provider are two sites. */
  async apart(work) {
    const near = this.world;
    this.world = await this.startWorld({ pages: '127.0.0.1' });
    try {
      await work();
    } finally {
      await this.driver.get('about:blank');
      await this.world.stop();
      this.world = near;
    }
  }

  /** Nothing of the last test is left: a new tab, nobody known at the provider, no grant, no fault, no count. */
  async begin() {
    const { world, driver } = this;
    world.faults.clear();
    world.clock.shift(0);
    Object.assign(world.policy, { rotate: true, grace: 0, headers: {}, dpopNonce: false });
    world.ttl.AccessToken = 60;
    world.revoke();
    world.endSessions();
    this.#options = {};
    this.#before = '';
    this.#vault = undefined;
    this.#tests += 1;
    for (const handle of (await driver.getAllWindowHandles()).slice(1)) {
      await driver.switchTo().window(handle);
      await driver.close();
    }
    const [old] = await driver.getAllWindowHandles();
    await driver.switchTo().window(old);
    await driver.switchTo().newWindow('tab');
    const fresh = await driver.getWindowHandle();
    await driver.switchTo().window(old);
    await driver.close();
    await driver.switchTo().window(fresh);
    world.counts.reset();
    world.errors.length = 0;
    this.hostile.reset();
  }

  /**
   * Options of the page's client over the usual ones, and code that runs before the package is loaded. `vault`: `worker`,
   * `shared`, or `either`, a function that makes what it is asked for.
   */
  set({ before = '', vault, ...options } = {}) {
    this.#options = options;
    this.#vault = vault;
    this.#before = typeof before === 'function' ? `(${before})();` : before;
  }

  setupScript() {
    const { world } = this;
    const options = {
      issuer: world.issuer,
      clientId: 'e2e',
      redirectUri: this.home,
      postLogoutRedirectUri: this.home,
      scope: 'openid profile email offline_access',
      apis: [world.apiUrl],
      ...this.#options,
    };
    const vault = { vault: this.#vault, vaultName: `test ${this.#tests}`, vaultUrl: '/e2e/worker/vault.js' };
    return `window.setup = ${JSON.stringify({ options, apiUrl: world.apiUrl, ...vault })};\n${this.#before}\n`;
  }

  /** Opens a page of the client and waits until it has its client. */
  async open(url = this.home) {
    await this.driver.get(url);
    await this.ready();
  }

  /** One more tab with this page, from now on the one that is looked at; gives what `show` takes. */
  async openTab(url = this.home) {
    await this.driver.switchTo().newWindow('tab');
    await this.open(url);
    return this.driver.getWindowHandle();
  }

  /** Looks at a tab. */
  show(tab) {
    return this.driver.switchTo().window(tab);
  }

  /** Closes the tab that is looked at, and looks at another. */
  async closeTab(next) {
    await this.driver.close();
    await this.show(next);
  }

  /** Closes the tab while its token request is at the server; the answer waits at the gate that is given. */
  async closeWhileItRenews(next) {
    const answer = gate();
    this.counts.reset();
    this.world.faults.add('token', { delayAnswer: answer.opened, times: 1 });
    await this.evaluate(() => { auth.getToken({ fresh: true }).catch(() => {}); });
    await this.untilCounts(({ token }) => token === 1);
    await this.closeTab(next);
    return answer;
  }

  ready() {
    return this.until('the page has its client', () => this.evaluate(() => window.ready === true));
  }

  /** Runs a function in the page at once; for what leaves it. */
  async evaluate(script, ...args) {
    return this.driver.executeScript(`return (${script}).apply(null, arguments)`, ...args);
  }

  /** Runs an async function in the page and gives its result; an error comes as `{ thrown }`. */
  async attempt(script, ...args) {
    const outcome = await this.driver.executeAsyncScript(
      `const [...args] = arguments;
       const done = args.pop();
       (async () => (${script})(...args))().then(
         (value) => done({ value }),
         (error) => done({ thrown: describeError(error) }),
       );`,
      ...args,
    );
    return outcome;
  }

  /** The same, for what must not fail. */
  async run(script, ...args) {
    const { value, thrown } = await this.attempt(script, ...args);
    assert.equal(thrown, undefined, JSON.stringify(thrown));
    return value;
  }

  /** The same, for what must fail; gives the error. */
  async refused(script, ...args) {
    const { value, thrown } = await this.attempt(script, ...args);
    assert.ok(thrown, `it should have been refused: ${JSON.stringify(value)}`);
    return thrown;
  }

  /** Waits until something holds, and gives it. */
  until(what, probe, patience = PATIENCE) {
    return until(what, probe, { patience, isPassing, explain: () => this.driver.getCurrentUrl().catch(() => '?') });
  }

  /** Sends a command of the Chrome DevTools Protocol; Chromium only. */
  async devtools(cmd, params = {}) {
    const session = await this.driver.getSession();
    const response = await fetch(`${this.browser.url}/session/${session.getId()}/goog/cdp/execute`, {
      method: 'POST',
      body: JSON.stringify({ cmd, params }),
    });
    assert.ok(response.ok, await response.text());
  }

  untilCounts(predicate) {
    return this.counts.until(predicate, PATIENCE);
  }

  status() {
    return this.evaluate(() => window.auth?.session.status);
  }

  lastError() {
    return this.evaluate(() => (window.auth.session.lastError ? describeError(window.auth.session.lastError) : null));
  }

  seen(member) {
    return this.evaluate((name) => window.seen[name], member);
  }

  eventsOf(type) {
    return this.evaluate((wanted) => window.seen.events.filter((event) => event.type === wanted), type);
  }

  /** `auth.login()` and, where the provider asks, its login page; then the page again. */
  async login({ options, button = 'login-submit' } = {}) {
    await this.leaveForLogin(options);
    await this.passLoginPage(button);
    await this.ready();
  }

  /** Sends the browser off without waiting for anything. */
  async leaveForLogin(options) {
    await this.evaluate((given) => {
      window.ready = false;
      window.auth.login(given ?? undefined).catch((error) => {
        window.loginFailed = describeError(error);
      });
    }, options ?? null);
  }

  /** At the provider: presses the button if there is one, until the browser is back at a page of the client. */
  async passLoginPage(button = 'login-submit') {
    const pressed = new Map();
    await this.until('the provider sends the browser back', async () => {
      // One look: between two, another page may have come.
      const page = await this.evaluate(() => ({
        url: location.href,
        loaded: document.readyState !== 'loading',
        left: window.ready === false,
        failed: window.loginFailed ?? null,
      }));
      // Firefox answers with nothing while a page goes away.
      if (!page) return false;
      assert.equal(page.failed, null, `login failed: ${JSON.stringify(page.failed)}`);
      if (page.url.startsWith(this.world.pagesUrl)) return page.loaded && !page.left;
      // A browser may lose a click on a page that it has not painted yet: once more, when nothing came of it for long.
      if (Date.now() - (pressed.get(page.url) ?? 0) < PRESS_AGAIN) return false;
      const [element] = await this.driver.findElements(testId(button));
      if (!element) return false;
      await element.click();
      pressed.set(page.url, Date.now());
      return false;
    });
  }

  /** Begins a login that stays pending, and gives its `state`. The page is left. */
  async pendingState() {
    this.world.endSessions();
    await this.leaveForLogin();
    await this.loginPage();
    await this.driver.get(`${this.world.pagesUrl}e2e/blank.html`);
    const keys = await this.evaluate(() => Object.keys(sessionStorage));
    assert.equal(keys.length, 1, JSON.stringify(keys));
    return keys[0].slice(keys[0].indexOf('.tw.') + 1);
  }

  /** Waits for the provider's login page. */
  loginPage() {
    return this.until('the login page', () => this.driver.findElement(testId('login-submit')));
  }

  /** A page that is signed in. */
  async signIn(setup) {
    this.set(setup);
    await this.open(setup?.redirectUri);
    await this.login();
    assert.deepEqual(await this.lastError(), null);
    assert.equal(await this.status(), 'signed-in');
  }

  /** What no test may leave behind in the page. */
  async inspect() {
    const found = await this.evaluate(() => ({ violations: window.seen?.violations ?? [], problems: window.seen?.problems ?? [] }));
    assert.deepEqual(found, { violations: [], problems: [] });
    assert.deepEqual(this.world.errors.map(String), []);
  }

  async stop() {
    await this.browser.stop();
    await this.hostile.stop();
    await this.world.stop();
  }
}

/** A promise that is resolved from outside. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, open };
}

export function testId(id) {
  return By.css(`[data-testid="${id}"]`);
}

/** What WebDriver says while a page goes away. */
const PASSING = new Set([
  'NoSuchElementError', 'StaleElementReferenceError', 'ElementNotInteractableError', 'ElementClickInterceptedError',
  'JavascriptError', 'NoSuchFrameError', 'UnknownError', 'DetachedShadowRootError', 'WebDriverError',
]);

const isPassing = (error) => PASSING.has(error.name);
