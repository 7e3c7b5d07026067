import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link okta}. */
export interface OktaOptions {
  /** The org's domain, or your own, as `acme.okta.com`. */
  domain: string;
  /** The id of a custom authorization server. Default `default`. */
  authorizationServer?: string;
  /** `true`: the org's own authorization server, whose access tokens are for Okta's API only. */
  org?: boolean;
}

/** Okta: an OIDC app integration of the type "Single-Page Application", with the refresh token grant switched on. */
export const okta = (options: OktaOptions): ProviderPreset => {
  const { domain, authorizationServer = 'default', org } = read('okta', options, {
    domain: 'host',
    authorizationServer: 'text?',
    org: 'flag?',
  });
  return {
    issuer: `https://${domain}${org ? '' : `/oauth2/${authorizationServer}`}`,
    scope: 'openid profile email offline_access',
  };
};
