import { UserManager } from 'oidc-client-ts';

let manager;

const open = ({ issuer, clientId, redirectUri, scope, timeout }) => {
  manager = new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    requestTimeoutInSeconds: timeout,
    // Renewals are asked for one by one here.
    automaticSilentRenew: false,
  });
};

export const begin = async (setup) => {
  open(setup);
  await manager.signinRedirect({ prompt: setup.prompt });
};

export const finish = async (setup) => {
  open(setup);
  await manager.signinRedirectCallback(location.href);
};

export const refresh = async () => (await manager.signinSilent())?.access_token;

export const token = async () => (await manager.getUser())?.access_token;
