import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link cognito}. */
export interface CognitoOptions {
  /** The user pool's id, which begins with its region: `eu-west-1_AbCdEfGhI`. */
  userPoolId: string;
  /** The user pool's domain, as `acme.auth.eu-west-1.amazoncognito.com`, or your own. */
  domain: string;
}

/** Amazon Cognito: an app client without a secret, with the authorization code grant. Its logout page is not OIDC's. */
export const cognito = (options: CognitoOptions): ProviderPreset => {
  const { userPoolId, domain } = read('cognito', options, { userPoolId: 'text', domain: 'host' });
  return {
    issuer: `https://cognito-idp.${userPoolId.split('_')[0]}.amazonaws.com/${userPoolId}`,
    metadata: { end_session_endpoint: `https://${domain}/logout` },
    logoutUriParam: 'logout_uri',
    scope: 'openid profile email',
  };
};
