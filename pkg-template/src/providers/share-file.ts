import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link shareFile}. */
export interface ShareFileOptions extends ViaProxy {}

/**
 * ShareFile: an API key of your account. Needs `tokenEndpoint`, because ShareFile asks for the client secret, at a host that
 * depends on the account: the proxy is for the accounts of one subdomain. Plain OAuth: there is no ID token.
 */
export const shareFile = (options: ShareFileOptions): ProviderPreset => {
  const { tokenEndpoint } = read(
    'shareFile',
    options,
    { tokenEndpoint: 'url' },
    'ShareFile asks for the client secret, at a host that depends on the account: set it to a small proxy of your own that adds the secret, for one subdomain.',
  );
  return {
    issuer: 'https://secure.sharefile.com',
    discovery: false,
    metadata: { authorization_endpoint: 'https://secure.sharefile.com/oauth/authorize', token_endpoint: tokenEndpoint },
  };
};
