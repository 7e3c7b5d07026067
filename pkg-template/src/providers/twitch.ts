import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link twitch}. */
export interface TwitchOptions extends ViaProxy {}

/**
 * Twitch: an application of the developer console. Needs `tokenEndpoint`, because Twitch documents the code exchange and the
 * refresh with the client secret only. Plain OAuth, unless `openid` is in the scope.
 */
export const twitch = (options: TwitchOptions): ProviderPreset => {
  const { tokenEndpoint } = read(
    'twitch',
    options,
    { tokenEndpoint: 'url' },
    'Twitch documents the code exchange and the refresh with the client secret only: set it to a small proxy of your own that adds the secret.',
  );
  return {
    issuer: 'https://id.twitch.tv/oauth2',
    discovery: false,
    metadata: {
      authorization_endpoint: 'https://id.twitch.tv/oauth2/authorize',
      token_endpoint: tokenEndpoint,
      jwks_uri: 'https://id.twitch.tv/oauth2/keys',
      userinfo_endpoint: 'https://id.twitch.tv/oauth2/userinfo',
    },
    repairs: ['scope-list', 'error-names'],
  };
};
