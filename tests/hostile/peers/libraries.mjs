// Who is driven through the rows, and with which options. The options are those their documentation recommends for a
// single-page application with refresh tokens; what differs is said.

import { readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const installed = (name) => read(`../../node_modules/${name}/package.json`).version;

export const OURS = 'tokenward';

export const PEERS = [
  {
    id: 'oidc-client-ts',
    version: installed('oidc-client-ts'),
    options: '`authority`, `client_id`, `redirect_uri`, `scope`; `requestTimeoutInSeconds: 2` (default: none); `automaticSilentRenew: false`, because renewals are asked for one by one here',
  },
  {
    id: 'auth0-spa-js',
    version: installed('@auth0/auth0-spa-js'),
    options: '`domain`, `clientId`, `useRefreshTokens: true`, `authorizationParams`; tokens in memory and its worker (the defaults); `httpTimeoutInSeconds: 2` (default 10). It has no discovery: its endpoints are fixed paths',
  },
  {
    id: 'keycloak-js',
    version: installed('keycloak-js'),
    options: '`clientId`, `oidcProvider` (with another server than Keycloak), `pkceMethod: \'S256\'`, nonce (the default); `checkLoginIframe: false`, because the server has no such frame. It has no time limit for requests',
  },
  {
    id: OURS,
    version: read('../../../pkg/package.json').version,
    options: '`issuer`, `clientId`, `redirectUri`, `scope`; `timeout: 2` (default 20); `renewal: \'on-demand\'`, because renewals are asked for one by one here',
  },
];
