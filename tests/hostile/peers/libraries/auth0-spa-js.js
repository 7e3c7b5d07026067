import { createAuth0Client } from '@auth0/auth0-spa-js';

let client;

const open = async ({ issuer, clientId, redirectUri, scope, timeout }) => {
  client = await createAuth0Client({
    // Its endpoints are fixed paths below the domain: there is no discovery.
    domain: issuer.replace(/\/$/, ''),
    clientId,
    useRefreshTokens: true,
    httpTimeoutInSeconds: timeout,
    authorizationParams: { redirect_uri: redirectUri, scope },
  });
};

export const begin = async (setup) => {
  await open(setup);
  await client.loginWithRedirect({ authorizationParams: setup.prompt ? { prompt: setup.prompt } : {} });
};

export const finish = async (setup) => {
  await open(setup);
  await client.handleRedirectCallback(location.href);
};

export const refresh = () => client.getTokenSilently({ cacheMode: 'off' });

export const token = async () => ((await client.isAuthenticated()) ? client.getTokenSilently({ cacheMode: 'cache-only' }) : undefined);
