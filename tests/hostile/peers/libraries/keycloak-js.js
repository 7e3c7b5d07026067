import Keycloak from 'keycloak-js';

let client;

// It has no time limit for requests.
const open = async ({ issuer, clientId, redirectUri, scope }) => {
  client = new Keycloak({ clientId, oidcProvider: issuer });
  await client.init({ pkceMethod: 'S256', checkLoginIframe: false, redirectUri, scope });
};

export const begin = async (setup) => {
  await open(setup);
  await client.login(setup.prompt ? { prompt: setup.prompt } : {});
};

// It takes the answer from the address of the page, while it starts.
export const finish = open;

export const refresh = async () => {
  await client.updateToken(-1);
  return client.token;
};

export const token = async () => (client.authenticated ? client.token : undefined);
