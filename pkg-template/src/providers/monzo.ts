import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link monzo}. */
export interface MonzoOptions extends ViaProxy {}

/**
 * Monzo: a confidential client of the developer tools. Needs `tokenEndpoint`, because Monzo asks for the client secret in the
 * code exchange and gives refresh tokens to confidential clients only. Plain OAuth without scopes: there is no ID token.
 */
export const monzo = (options: MonzoOptions): ProviderPreset => {
  const { tokenEndpoint } = read(
    'monzo',
    options,
    { tokenEndpoint: 'url' },
    'Monzo asks for the client secret in the code exchange and gives refresh tokens to confidential clients only: set it to a small proxy of your own that adds the secret.',
  );
  return {
    issuer: 'https://api.monzo.com',
    discovery: false,
    metadata: { authorization_endpoint: 'https://auth.monzo.com/', token_endpoint: tokenEndpoint },
    repairs: ['error-names'],
  };
};
