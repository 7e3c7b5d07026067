import { createAuth0Client } from '@auth0/auth0-spa-js';

// Its endpoints are fixed paths below the domain: there is no discovery to turn off.
export const ready = ({ issuer, clientId, redirectUri, scope }) =>
  createAuth0Client({
    domain: new URL(issuer).host,
    clientId,
    useRefreshTokens: true,
    authorizationParams: { redirect_uri: redirectUri, scope },
  });

export const loginUrl = async (client) => {
  let captured;
  await client.loginWithRedirect({
    openUrl: (url) => {
      captured = url;
    },
  });
  return captured;
};

export const finish = async (client, url) => {
  await client.handleRedirectCallback(url);
  return client;
};

export const tokenSource = (client) => () => client.getTokenSilently();

export const close = () => {};
