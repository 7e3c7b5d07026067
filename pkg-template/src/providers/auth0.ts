import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link auth0}. */
export interface Auth0Options {
  /** The tenant's domain, or your own, as `acme.eu.auth0.com`. */
  domain: string;
  /** The API the access token is for. Without it the access token is opaque, and good for userinfo only. */
  audience?: string;
  /** The organization to log in to. */
  organization?: string;
  /**
   * `true`: logout goes to `/v2/logout`, for tenants whose metadata names no `end_session_endpoint`. Default: as the
   * metadata says.
   */
  legacyLogout?: boolean;
}

/** Auth0: an application of the type "Single Page Application", with refresh token rotation switched on. */
export const auth0 = (options: Auth0Options): ProviderPreset => {
  const { domain, audience, organization, legacyLogout } = read('auth0', options, {
    domain: 'host',
    audience: 'text?',
    organization: 'text?',
    legacyLogout: 'flag?',
  });
  return {
    issuer: `https://${domain}/`,
    scope: 'openid profile email offline_access',
    extraParams: { ...(audience && { audience }), ...(organization && { organization }) },
    ...(legacyLogout && {
      metadata: { end_session_endpoint: `https://${domain}/v2/logout` },
      logoutUriParam: 'returnTo',
    }),
  };
};
