// What is compared. Peers are development tools of the tests; nothing of them is shipped.

import { readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));
const installed = (name) => read(`../node_modules/${name}/package.json`).version;

/** `client`: what an application imports. */
export const LIBRARIES = [
  { id: 'tokenward', version: read('../../pkg/package.json').version, client: `export { createClient } from 'tokenward';` },
  { id: 'oidc-client-ts', version: installed('oidc-client-ts'), client: `export { UserManager } from 'oidc-client-ts';` },
  { id: 'auth0-spa-js', version: installed('@auth0/auth0-spa-js'), client: `export { createAuth0Client } from '@auth0/auth0-spa-js';` },
  { id: 'keycloak-js', version: installed('keycloak-js'), client: `export { default } from 'keycloak-js';` },
];

export const OURS = 'tokenward';
export const IDS = LIBRARIES.map(({ id }) => id);

/** Our other entry, in the rows where it makes a difference: the wasm is a file of its own. */
export const SLIM = 'tokenward-slim';

/** The yardstick of a row: no library at all. */
export const EMPTY = 'empty';
