import type { Plain } from './core.js';

/**
 * Whether a URL answers a login that another client of this page has begun: one of another server, or with another id, may
 * have the same redirect URI. Only looked at: what is pending is taken by the engine it belongs to.
 */
export const isOfAnother = (url: string, { issuer, clientId }: Plain): boolean => {
  try {
    const state = new URL(url).searchParams.get('state');
    const key = Object.keys(sessionStorage).find((key) => key.startsWith('tokenward.login.') && key.endsWith(`.${state}`));
    const record = JSON.parse(sessionStorage.getItem(key as string) as string) as { issuer: string; client_id: string };
    return record.issuer !== issuer || record.client_id !== clientId;
  } catch {
    return false;
  }
};
