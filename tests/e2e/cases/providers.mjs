// Every preset with the answers its provider documents: login, renewal, an API call, the end. The providers that ask for a
// secret stand behind the token proxy of the example.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { createTokenProxy } from '../../../www-example/proxy/token-proxy.mjs';
import { listen } from '../../../www-example/server/listen.mjs';
import { PROVIDERS, SECRET, startEmulation } from '../../providers/emulation.mjs';
import { ARGUMENTS, SCOPES } from '../../providers/presets.mjs';
import { scenario } from '../case.mjs';

const presets = await import('../../../pkg/dist/providers/index.js');

let emulation;
const proxies = new Map();

after(() => Promise.all([emulation, ...proxies.values()].map((server) => (server?.stop ?? server?.close)?.())));

/** Where the page may talk to these servers. */
const homeOf = (stage) => `${stage.world.pagesUrl}e2e/wide/`;

/** The options for a provider, at its emulation; everything is started with the first. */
async function optionsFor(stage, name) {
  const origin = new URL(stage.home).origin;
  emulation ??= await startEmulation({ clientId: 'e2e', redirectUri: homeOf(stage), origin });
  const state = emulation.of(name);
  if (state.facts.secret && !proxies.has(name)) {
    const tokenEndpoint = emulation.at(state.facts.token);
    proxies.set(name, await listen(createTokenProxy({ tokenEndpoint, clientId: 'e2e', clientSecret: SECRET, redirectUri: homeOf(stage), origin })));
  }
  const preset = presets[name](ARGUMENTS[name](`http://localhost:${proxies.get(name)?.port}/token`));
  // Undefined takes the usual scope of these tests away.
  return {
    scope: SCOPES[name],
    ...emulation.relocate(preset),
    apis: [`${emulation.url}/api`],
    redirectUri: homeOf(stage),
    postLogoutRedirectUri: homeOf(stage),
  };
}

async function logIn(stage, options) {
  stage.set(options);
  await stage.open(homeOf(stage));
  await stage.login();
}

async function signIn(stage, options) {
  await logIn(stage, options);
  assert.deepEqual(await stage.lastError(), null);
  assert.equal(await stage.status(), 'signed-in');
}

const callApi = (url) => auth.fetch(url).then((response) => response.status);
const renew = () => auth.getToken({ fresh: true });

/** The scope of the session, where it is not the one asked for. */
const GRANTED = { bitbucket: 'account repository', apigee: 'READ' };

for (const [name, facts] of Object.entries(PROVIDERS)) {
  scenario(`the preset ${name}: login, renewal, API call, the end of the session`, async (stage) => {
    const options = await optionsFor(stage, name);
    const api = `${emulation.url}/api/${name}`;
    const state = emulation.of(name);
    const begun = Date.now();
    await signIn(stage, options);

    const session = await stage.evaluate(() => {
      const { claims, scope, expiresAt, endsAt, renewal } = auth.session;
      return { sub: claims?.sub ?? null, scope, lives: Math.round((expiresAt - Date.now()) / 1000), endsAt, renewal };
    });
    const openid = options.scope?.split(' ').includes('openid') ?? false;
    assert.equal(session.sub, openid ? 'ada' : null);
    assert.equal(session.scope, GRANTED[name] ?? options.scope ?? '');
    assert.ok(Math.abs(session.lives - facts.access) <= 60, `${session.lives} of ${facts.access} s`);
    assert.equal(session.renewal, 'live');
    if (options.sessionLifetime) {
      const life = session.endsAt - options.sessionLifetime * 1000;
      assert.ok(life >= begun - 60_000 && life <= Date.now() + 1000, String(session.endsAt));
    } else {
      assert.equal(session.endsAt, null);
    }
    assert.equal(await stage.run(callApi, api), 200);

    const first = await stage.run(() => auth.getToken());
    const second = await stage.run(renew);
    const third = await stage.run(renew);
    assert.equal(new Set([first, second, third]).size, 3);
    assert.equal(await stage.run(callApi, api), 200);
    assert.equal(await stage.evaluate(() => auth.session.claims?.sub ?? null), session.sub);
    const repeats = options.repairs?.includes('scope-on-refresh') ?? false;
    for (const { form } of state.requests.filter(({ form }) => form.grant_type === 'refresh_token')) {
      assert.equal(form.scope, repeats ? options.scope : undefined);
    }
    // The secret is between proxy and provider only.
    assert.equal(state.requests.every(({ form }) => form.client_secret === (facts.secret ? SECRET : undefined)), true);

    // A session that the provider has ended, in its own words.
    state.kill();
    const error = await stage.refused(renew);
    assert.deepEqual([error.code, error.oauthError], ['session_ended', 'invalid_grant']);
    assert.equal(await stage.status(), 'expired');
    assert.equal((await stage.eventsOf('session-expired')).length, 1);
    state.requests.length = 0;
  });
}

scenario('GitHub in form encoding, when the proxy asks for nothing else', async (stage) => {
  const options = await optionsFor(stage, 'github');
  const state = emulation.of('github');
  state.force.form = true;
  try {
    await signIn(stage, options);
    assert.equal(await stage.evaluate(() => auth.session.scope), 'repo gist');
    assert.equal(await stage.run(callApi, `${emulation.url}/api/github`), 200);
    await stage.run(renew);
    state.kill();
    assert.equal((await stage.refused(renew)).code, 'session_ended');
  } finally {
    state.force.form = false;
  }
});

scenario('without its repairs GitHub in form encoding is refused', async (stage) => {
  const { repairs, ...options } = await optionsFor(stage, 'github');
  assert.ok(repairs.length > 0);
  const state = emulation.of('github');
  state.force.form = true;
  try {
    await logIn(stage, options);
    const error = await stage.lastError();
    assert.deepEqual([error.code, error.phase], ['response_invalid', 'token']);
    assert.equal(await stage.status(), 'signed-out');
  } finally {
    state.force.form = false;
  }
});

scenario('a confidential provider without its proxy: the browser gets no answer, nothing is kept', async (stage) => {
  const options = await optionsFor(stage, 'github');
  const metadata = { ...options.metadata, token_endpoint: emulation.at(PROVIDERS.github.token) };
  await logIn(stage, { ...options, metadata });
  assert.equal((await stage.lastError()).code, 'network_failed');
  assert.equal(await stage.status(), 'signed-out');
});

scenario('presets in the page: the option provider, and errors that are recognised', async (stage) => {
  await stage.open();
  const found = await stage.run(async () => {
    const { discord, github } = await import('/pkg/dist/providers/index.js');
    const client = await tokenward.createClient({ provider: discord(), clientId: 'x', redirectUri: setup.options.redirectUri });
    const { status } = client.session;
    await client.dispose();
    try {
      github({});
      return 'no error';
    } catch (error) {
      return { status, known: tokenward.isAuthError(error), code: error.code, path: error.path };
    }
  });
  assert.deepEqual(found, { status: 'signed-out', known: true, code: 'option_missing', path: 'github.tokenEndpoint' });
});

for (const [name, parameter] of [['cognito', 'logout_uri'], ['auth0', 'returnTo']]) {
  scenario(`the logout page of ${name} gets what it asks for, and no token`, async (stage) => {
    await signIn(stage, await optionsFor(stage, name));
    await stage.evaluate(() => void auth.logout().catch(() => {}));
    const url = await stage.until('the page is left', async () => {
      const url = await stage.driver.getCurrentUrl();
      return url.startsWith(emulation.url) && new URL(url);
    });
    assert.equal(`${url.origin}${url.pathname}`, emulation.at(PROVIDERS[name].logout));
    assert.deepEqual(Object.fromEntries(url.searchParams), { client_id: 'e2e', [parameter]: homeOf(stage) });
    await stage.open();
  });
}
