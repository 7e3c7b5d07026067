import { UserManager } from 'oidc-client-ts';

let captured;
// The library's own way to say where a login goes.
const navigator = {
  prepare: async () => ({
    navigate: async ({ url }) => {
      captured = url;
    },
    close() {},
  }),
};

export const ready = async ({ issuer, clientId, redirectUri, scope, metadata }) => {
  const client = new UserManager(
    { authority: issuer, client_id: clientId, redirect_uri: redirectUri, scope, ...(metadata && { metadata }) },
    navigator,
  );
  await client.getUser();
  return client;
};

export const loginUrl = async (client) => {
  await client.signinRedirect();
  return captured;
};

export const finish = async (client, url) => {
  const user = await client.signinRedirectCallback(url);
  if (!user.access_token) throw new Error('not signed in');
  return client;
};

// It has no call that gives a valid token: this is what applications write.
export const tokenSource = (client) => async () => {
  const user = await client.getUser();
  return (user.expired ? await client.signinSilent() : user).access_token;
};

export const close = (client) => {
  client.stopSilentRenew();
  client.events.unload();
};
