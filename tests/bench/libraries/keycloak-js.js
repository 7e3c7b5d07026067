import Keycloak from 'keycloak-js';

let setup;

export const ready = async (given) => {
  setup = given;
  const { issuer, clientId, redirectUri, scope, metadata } = given;
  const client = new Keycloak({ clientId, oidcProvider: metadata ?? issuer });
  await client.init({ checkLoginIframe: false, responseMode: 'query', redirectUri, scope });
  return client;
};

export const loginUrl = (client) => client.createLoginUrl();

// It takes the answer from the address of the page, and by a new client only.
export const prepare = (url) => history.replaceState(null, '', url);

export const finish = async (_client, _url) => {
  const client = await ready(setup);
  if (!client.authenticated) throw new Error('not signed in');
  return client;
};

export const tokenSource = (client) => async () => {
  await client.updateToken(5);
  return client.token;
};

export const close = (client) => {
  client.clearToken();
};
