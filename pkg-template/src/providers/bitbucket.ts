import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link bitbucket}. */
export interface BitbucketOptions extends ViaProxy {}

/**
 * Bitbucket Cloud: an OAuth consumer of a workspace. Needs `tokenEndpoint`, because Bitbucket documents the code exchange
 * with the consumer's secret only. Plain OAuth: there is no ID token.
 */
export const bitbucket = (options: BitbucketOptions): ProviderPreset => {
  const { tokenEndpoint } = read(
    'bitbucket',
    options,
    { tokenEndpoint: 'url' },
    "Bitbucket documents the code exchange with the consumer's secret only: set it to a small proxy of your own that adds the secret.",
  );
  return {
    issuer: 'https://bitbucket.org',
    discovery: false,
    metadata: { authorization_endpoint: 'https://bitbucket.org/site/oauth2/authorize', token_endpoint: tokenEndpoint },
    repairs: ['scope-list'],
  };
};
