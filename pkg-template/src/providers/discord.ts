import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link discord}. */
export interface DiscordOptions {
  /** Space-separated scope. Default `identify`. */
  scope?: string;
}

/**
 * Discord: an application with "Public Client" switched on. Plain OAuth: there is no ID token. The endpoints are those of
 * Discord's RFC 8414 document, written down here: whether a browser may read it is not documented.
 */
export const discord = (options: DiscordOptions = {}): ProviderPreset => {
  const { scope = 'identify' } = read('discord', options, { scope: 'text?' });
  return {
    issuer: 'https://discord.com',
    discovery: false,
    metadata: {
      authorization_endpoint: 'https://discord.com/api/oauth2/authorize',
      token_endpoint: 'https://discord.com/api/oauth2/token',
      revocation_endpoint: 'https://discord.com/api/oauth2/token/revoke',
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    },
    scope,
  };
};
