// `location.assign` is `capture` in this bundle (see bundles.mjs).
import { createClient } from 'tokenward';

export const ready = ({ issuer, clientId, redirectUri, scope, metadata, apis, vault }) =>
  createClient({
    issuer, clientId, redirectUri, scope, ...(metadata && { discovery: false, metadata }), apis, ...(vault && { vault }), handleRedirect: false,
  });

export const loginUrl = (client) =>
  new Promise((resolve, reject) => {
    globalThis.capture = resolve;
    client.login().catch(reject);
  });

export const finish = async (client, url) => {
  const result = await client.handleRedirect(url);
  if (result?.session.status !== 'signed-in') throw new Error('not signed in');
  return client;
};

export const tokenSource = (client) => client.getToken;

export const close = (client) => client.dispose();
