import { bare, read, type ProviderPreset } from './preset.js';

/** Arguments of {@link entra}. */
export interface EntraOptions {
  /**
   * The tenant's id, a GUID. Not its domain, `common` or `organizations`: their tokens come from an issuer that is not
   * known beforehand. Personal Microsoft accounts have a tenant of their own, see the documentation.
   */
  tenant: string;
  /** The scope of your API, as `api://0123…/access`. Without one the access token is for Microsoft Graph. */
  api?: string;
  /** Of a national cloud. Default `https://login.microsoftonline.com`. */
  authority?: string;
}

/**
 * Microsoft Entra ID: an app registration with a redirect URI of the type "Single-page application". The session ends 24
 * hours after the login, whatever is renewed: see `session.endsAt`.
 */
export const entra = (options: EntraOptions): ProviderPreset => {
  const { tenant, api, authority = 'https://login.microsoftonline.com' } = read('entra', options, {
    tenant: 'guid',
    api: 'text?',
    authority: 'url?',
  });
  return {
    issuer: `${bare(authority)}/${tenant}/v2.0`,
    scope: `openid profile email offline_access${api ? ` ${api}` : ''}`,
    repairs: ['scope-on-refresh'],
    sessionLifetime: 86_400,
  };
};
