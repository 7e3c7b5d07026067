import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link azureB2C}. */
export interface AzureB2COptions {
  /** The tenant's name, `contoso` of `contoso.onmicrosoft.com`. */
  tenant: string;
  /** The tenant's id, a GUID: it is in the issuer of the tokens. */
  tenantId: string;
  /** The user flow or policy, as `B2C_1_signupsignin`. */
  policy: string;
  /** The scope of your API, or the client id: without either there is no access token. */
  api: string;
  /** Your own domain. Default `contoso.b2clogin.com`. */
  domain?: string;
}

/**
 * Azure AD B2C: an app registration with a redirect URI of the type "Single-page application". Its metadata names another
 * issuer than the address it has, so it is not read: the endpoints are those of the policy. The session ends 24 hours
 * after the login, whatever is renewed: see `session.endsAt`.
 */
export const azureB2C = (options: AzureB2COptions): ProviderPreset => {
  const { tenant, tenantId, policy, api, domain } = read('azureB2C', options, {
    tenant: 'text',
    tenantId: 'guid',
    policy: 'text',
    api: 'text',
    domain: 'host?',
  });
  const origin = `https://${domain ?? `${tenant}.b2clogin.com`}`;
  const base = `${origin}/${tenant}.onmicrosoft.com/${policy}`;
  return {
    issuer: `${origin}/${tenantId}/v2.0/`,
    discovery: false,
    metadata: {
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      end_session_endpoint: `${base}/oauth2/v2.0/logout`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    },
    scope: `openid offline_access ${api}`,
    repairs: ['scope-on-refresh'],
    sessionLifetime: 86_400,
  };
};
