import { createClient } from 'tokenward';

let client;

const open = async ({ issuer, clientId, redirectUri, scope, timeout }) => {
  client = await createClient({ issuer, clientId, redirectUri, scope, timeout, renewal: 'on-demand' });
};

export const begin = async (setup) => {
  await open(setup);
  await client.login(setup.prompt ? { prompt: setup.prompt } : {});
};

export const finish = async (setup) => {
  await open(setup);
  if (client.session.lastError) throw client.session.lastError;
};

export const refresh = () => client.getToken({ fresh: true });

export const token = () => client.getToken().catch(() => undefined);
