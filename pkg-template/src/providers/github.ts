import { bare, read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link github}. */
export interface GitHubOptions extends ViaProxy {
  /** Of a GitHub Enterprise Server. Default `https://github.com`. */
  url?: string;
}

/**
 * GitHub: a GitHub App, or an OAuth app. Needs `tokenEndpoint`, because GitHub asks for the client secret even when there is
 * PKCE, and answers no browser of another origin. Plain OAuth: there is no ID token.
 */
export const github = (options: GitHubOptions): ProviderPreset => {
  const { tokenEndpoint, url = 'https://github.com' } = read(
    'github',
    options,
    { tokenEndpoint: 'url', url: 'url?' },
    'GitHub asks for the client secret even when there is PKCE, and its token endpoint answers no browser of another origin: set it to a small proxy of your own that adds the secret.',
  );
  return {
    issuer: bare(url),
    discovery: false,
    metadata: { authorization_endpoint: `${bare(url)}/login/oauth/authorize`, token_endpoint: tokenEndpoint },
    repairs: ['form-answer', 'scope-list', 'error-names'],
  };
};
