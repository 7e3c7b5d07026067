import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link apigee}. */
export interface ApigeeOptions extends ViaProxy {
  /** The API proxy's authorization endpoint. */
  authorizationEndpoint: string;
  /** `true`: the OAuthV2 policies of the API proxy have `RFCCompliantRequestResponse` switched on. */
  compliant?: boolean;
}

/**
 * Apigee: an API proxy with OAuthV2 policies. Needs `tokenEndpoint`, because the endpoints are whatever the API's owner builds,
 * and the policies ask for the client secret unless the API proxy adds it. Plain OAuth: there is no ID token.
 */
export const apigee = (options: ApigeeOptions): ProviderPreset => {
  const { authorizationEndpoint, tokenEndpoint, compliant } = read(
    'apigee',
    options,
    { tokenEndpoint: 'url', authorizationEndpoint: 'url', compliant: 'flag?' },
    "The endpoints are whatever the API's owner builds, and the OAuthV2 policies ask for the client secret: set it to an endpoint of the API proxy that adds the secret, or to a small proxy of your own.",
  );
  return {
    issuer: new URL(authorizationEndpoint).origin,
    discovery: false,
    metadata: { authorization_endpoint: authorizationEndpoint, token_endpoint: tokenEndpoint },
    ...(!compliant && { repairs: ['bearer-type', 'error-names'] }),
  };
};
