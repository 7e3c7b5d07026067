// The presets of tokenward/providers: what they give, and what they say to wrong arguments. How to run: see support.mjs.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { load, makeClient, openPage } from './support.mjs';

beforeEach(() => void openPage());

const presets = await load('providers/index');
const { isAuthError } = await load('errors');

const tokenEndpoint = 'https://app.example/oauth/token';
const GUID = '0a1b2c3d-0000-4000-8000-00000000abcd';

/** For each preset: arguments that are enough, and all there are. */
const GIVEN = {
  keycloak: [{ url: 'https://sso.example.com/', realm: 'my realm' }],
  auth0: [{ domain: 'acme.eu.auth0.com' }, { domain: 'acme.eu.auth0.com', audience: 'https://api', organization: 'org_1', legacyLogout: true }],
  okta: [{ domain: 'acme.okta.com' }, { domain: 'acme.okta.com', authorizationServer: 'aus1', org: false }],
  entra: [{ tenant: GUID }, { tenant: GUID, api: 'api://app/access', authority: 'https://login.microsoftonline.us' }],
  azureB2C: [
    { tenant: 'contoso', tenantId: GUID, policy: 'B2C_1_in', api: 'https://contoso/api/read' },
    { tenant: 'contoso', tenantId: GUID, policy: 'B2C_1_in', api: 'spa', domain: 'login.contoso.com' },
  ],
  google: [{ tokenEndpoint }, { tokenEndpoint, offline: true, testing: true }],
  github: [{ tokenEndpoint }, { tokenEndpoint, url: 'https://git.example.com' }],
  bitbucket: [{ tokenEndpoint }],
  twitch: [{ tokenEndpoint }],
  monzo: [{ tokenEndpoint }],
  shareFile: [{ tokenEndpoint }],
  apigee: [
    { tokenEndpoint, authorizationEndpoint: 'https://acme-prod.apigee.net/oauth/authorize' },
    { tokenEndpoint, authorizationEndpoint: 'https://acme-prod.apigee.net/oauth/authorize', compliant: true },
  ],
  discord: [{}, { scope: 'identify guilds' }],
  spotify: [{}, { scope: 'user-read-email' }],
  cognito: [{ userPoolId: 'eu-west-1_AbC', domain: 'acme.auth.eu-west-1.amazoncognito.com' }],
  zitadel: [{ url: 'https://acme.zitadel.cloud' }, { url: 'https://acme.zitadel.cloud', project: '123' }],
};

const NEED_A_PROXY = ['google', 'github', 'bitbucket', 'twitch', 'monzo', 'shareFile', 'apigee'];

const refusal = (run) => {
  try {
    run();
  } catch (error) {
    assert.ok(isAuthError(error), String(error));
    assert.equal(error.phase, 'options');
    assert.equal(error.retryable, false);
    assert.match(error.message, new RegExp(`^${error.code} \\(`));
    return `${error.code} ${error.path}`;
  }
  return 'fine';
};

test('there is a test for every preset', () => {
  assert.deepEqual(Object.keys(presets).sort(), Object.keys(GIVEN).sort());
});

test('every preset gives plain options of the engine, with absolute https addresses only', async (t) => {
  for (const [name, given] of Object.entries(GIVEN)) {
    for (const args of given) {
      const preset = presets[name](args);
      assert.deepEqual(JSON.parse(JSON.stringify(preset)), preset, name);
      const addresses = [preset.issuer, ...Object.values(preset.metadata ?? {}).filter((value) => typeof value === 'string')];
      for (const address of addresses) assert.equal(new URL(address).protocol, 'https:', `${name}: ${address}`);
      if (preset.discovery === false) {
        assert.ok(preset.metadata.authorization_endpoint && preset.metadata.token_endpoint, name);
        if (preset.scope?.split(' ').includes('openid')) assert.ok(preset.metadata.jwks_uri, name);
      } else {
        assert.ok(preset.scope.split(' ').includes('openid'), name);
      }
      // Asked twice, it gives equal options: createClient then gives one client.
      assert.deepEqual(presets[name](args), preset);
    }
  }
  const { core } = await makeClient({ issuer: undefined, provider: presets.github({ tokenEndpoint }), clientId: 'Iv1.x' });
  t.diagnostic(JSON.stringify(core.options));
  assert.equal(core.options.issuer, 'https://github.com');
});

test('issuers and scopes, as their documentation has them', () => {
  const of = (name, which = 0) => presets[name](GIVEN[name][which]);
  assert.equal(of('keycloak').issuer, 'https://sso.example.com/realms/my%20realm');
  assert.equal(of('auth0').issuer, 'https://acme.eu.auth0.com/');
  assert.deepEqual(of('auth0').extraParams, {});
  assert.deepEqual(of('auth0', 1).extraParams, { audience: 'https://api', organization: 'org_1' });
  assert.equal(of('auth0', 1).logoutUriParam, 'returnTo');
  assert.equal(of('auth0', 1).metadata.end_session_endpoint, 'https://acme.eu.auth0.com/v2/logout');
  assert.equal(of('okta').issuer, 'https://acme.okta.com/oauth2/default');
  assert.equal(of('okta', 1).issuer, 'https://acme.okta.com/oauth2/aus1');
  assert.equal(presets.okta({ domain: 'acme.okta.com', org: true }).issuer, 'https://acme.okta.com');
  assert.equal(of('entra').issuer, `https://login.microsoftonline.com/${GUID}/v2.0`);
  assert.equal(of('entra', 1).scope, 'openid profile email offline_access api://app/access');
  assert.equal(of('entra').sessionLifetime, 86_400);
  assert.equal(of('azureB2C').issuer, `https://contoso.b2clogin.com/${GUID}/v2.0/`);
  assert.equal(
    of('azureB2C', 1).metadata.token_endpoint,
    'https://login.contoso.com/contoso.onmicrosoft.com/B2C_1_in/oauth2/v2.0/token',
  );
  assert.equal(of('google').extraParams, undefined);
  assert.deepEqual(of('google', 1).extraParams, { access_type: 'offline', prompt: 'consent' });
  assert.equal(of('google', 1).sessionLifetime, 7 * 86_400);
  assert.equal(of('github', 1).metadata.authorization_endpoint, 'https://git.example.com/login/oauth/authorize');
  assert.deepEqual(of('apigee').repairs, ['bearer-type', 'error-names']);
  assert.equal(of('apigee', 1).repairs, undefined);
  assert.equal(of('apigee').issuer, 'https://acme-prod.apigee.net');
  assert.equal(of('cognito').issuer, 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC');
  assert.equal(of('cognito').logoutUriParam, 'logout_uri');
  assert.equal(of('zitadel', 1).scope, 'openid profile email offline_access urn:zitadel:iam:org:project:id:123:aud');
  assert.equal(presets.discord().scope, 'identify');
  assert.equal(presets.spotify().scope, undefined);
});

test('a provider that a browser cannot use by itself says so, and why, when its proxy is missing', () => {
  for (const name of NEED_A_PROXY) {
    const { tokenEndpoint: _, ...rest } = GIVEN[name][0];
    let error;
    try {
      presets[name](rest);
    } catch (caught) {
      error = caught;
    }
    assert.equal(`${error?.code} ${error?.path}`, `option_missing ${name}.tokenEndpoint`);
    assert.match(error.hint, /secret/);
    assert.match(error.hint, /proxy of your own/);
    assert.ok(error.message.endsWith(error.hint));
    // It is used as it is, and nowhere else are codes sent.
    assert.equal(presets[name](GIVEN[name][0]).metadata.token_endpoint, tokenEndpoint);
  }
  for (const name of Object.keys(GIVEN).filter((name) => !NEED_A_PROXY.includes(name))) {
    assert.notEqual(presets[name](GIVEN[name][0]).metadata?.token_endpoint, tokenEndpoint);
    assert.equal(refusal(() => presets[name]({ ...GIVEN[name][0], tokenEndpoint })), `option_unknown ${name}.tokenEndpoint`);
  }
});

test('wrong arguments are named by their path', () => {
  for (const [name, [args, all = args]] of Object.entries(GIVEN)) {
    const preset = presets[name];
    assert.equal(refusal(() => preset({ ...args, clientSecret: 'x' })), `option_unknown ${name}.clientSecret`);
    for (const member of Object.keys(all)) {
      for (const wrong of [7, '', null, [], {}, () => {}]) {
        assert.equal(refusal(() => preset({ ...all, [member]: wrong })), `option_invalid ${name}.${member}`);
      }
      const { [member]: _, ...rest } = all;
      const expected = Object.hasOwn(args, member) ? `option_missing ${name}.${member}` : 'fine';
      assert.equal(refusal(() => preset(rest)), expected);
      assert.equal(refusal(() => preset({ ...all, [member]: undefined })), expected);
    }
    for (const wrong of [null, 'x', 7]) assert.equal(refusal(() => preset(wrong)), `option_invalid ${name}`);
  }
  for (const url of ['http://sso.example.com', 'sso.example.com', 'https://u:p@sso.example.com', 'https://sso.example.com/#x', 'javascript:1']) {
    assert.equal(refusal(() => presets.keycloak({ url, realm: 'r' })), 'option_invalid keycloak.url');
    assert.equal(refusal(() => presets.github({ tokenEndpoint: url })), 'option_invalid github.tokenEndpoint');
  }
  for (const url of ['http://localhost:8080', 'http://127.0.0.1:8080/auth', 'http://[::1]:1']) {
    assert.equal(refusal(() => presets.keycloak({ url, realm: 'r' })), 'fine');
  }
  for (const domain of ['https://acme.auth0.com', 'acme.auth0.com/', 'acme', 'acme.auth0.com:8443', 'a@b.com']) {
    assert.equal(refusal(() => presets.auth0({ domain })), 'option_invalid auth0.domain');
  }
  for (const tenant of ['common', 'organizations', 'consumers', 'contoso.onmicrosoft.com', `${GUID}x`]) {
    assert.equal(refusal(() => presets.entra({ tenant })), 'option_invalid entra.tenant');
  }
});

test('the option provider: a preset under the own options', async () => {
  const preset = presets.entra({ tenant: GUID });
  const { core } = await makeClient({ issuer: undefined, provider: preset, clientId: 'spa', scope: 'openid' });
  assert.equal(core.options.provider, undefined);
  assert.equal(core.options.issuer, preset.issuer);
  assert.equal(core.options.scope, 'openid');
  assert.deepEqual({ ...core.options.repairs }, { 0: 'scope-on-refresh' });
  assert.equal(Object.getPrototypeOf(core.options), null);
  const spread = await makeClient({ ...preset, clientId: 'spa', scope: 'openid' });
  assert.equal(spread.client, (await makeClient({ issuer: undefined, provider: preset, clientId: 'spa', scope: 'openid' })).client);
  for (const provider of ['github', 7, [], () => {}]) {
    await assert.rejects(makeClient({ issuer: undefined, provider, clientId: 'spa' }), (error) => {
      assert.equal(`${error.code} ${error.path}`, 'option_invalid provider');
      return true;
    });
  }
});
