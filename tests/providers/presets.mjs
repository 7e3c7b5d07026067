// The arguments each preset gets in these tests: those of the emulation.

import { GUID } from './emulation.mjs';

export const ARGUMENTS = {
  keycloak: () => ({ url: 'https://sso.example.com', realm: 'acme' }),
  auth0: () => ({ domain: 'acme.eu.auth0.com', audience: 'https://api.example.com', legacyLogout: true }),
  okta: () => ({ domain: 'acme.okta.com' }),
  entra: () => ({ tenant: GUID, api: 'api://app/access' }),
  azureB2C: () => ({ tenant: 'contoso', tenantId: GUID, policy: 'B2C_1_in', api: 'https://contoso/api/read' }),
  google: (tokenEndpoint) => ({ tokenEndpoint, offline: true, testing: true }),
  github: (tokenEndpoint) => ({ tokenEndpoint }),
  bitbucket: (tokenEndpoint) => ({ tokenEndpoint }),
  twitch: (tokenEndpoint) => ({ tokenEndpoint }),
  monzo: (tokenEndpoint) => ({ tokenEndpoint }),
  shareFile: (tokenEndpoint) => ({ tokenEndpoint }),
  apigee: (tokenEndpoint) => ({ tokenEndpoint, authorizationEndpoint: 'https://acme-prod.apigee.net/oauth/authorize' }),
  discord: () => ({ scope: 'identify guilds' }),
  spotify: () => ({ scope: 'user-read-email' }),
  cognito: () => ({ userPoolId: 'eu-west-1_AbC', domain: 'acme.auth.eu-west-1.amazoncognito.com' }),
  zitadel: () => ({ url: 'https://acme.zitadel.cloud' }),
};

/** What the app adds to a preset that leaves the scope open. */
export const SCOPES = { github: 'repo gist', bitbucket: 'account repository', twitch: 'chat:edit chat:read' };
