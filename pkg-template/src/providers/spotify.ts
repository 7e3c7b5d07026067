import { read, type ProviderPreset } from './preset.js';

/** Arguments of {@link spotify}. */
export interface SpotifyOptions {
  /** Space-separated scope, as `user-read-email`. Default: none, for what everybody may see. */
  scope?: string;
}

/** Spotify: an app of the developer dashboard; its client secret is not used. Plain OAuth: there is no ID token. */
export const spotify = (options: SpotifyOptions = {}): ProviderPreset => {
  const { scope } = read('spotify', options, { scope: 'text?' });
  return {
    issuer: 'https://accounts.spotify.com',
    discovery: false,
    metadata: {
      authorization_endpoint: 'https://accounts.spotify.com/authorize',
      token_endpoint: 'https://accounts.spotify.com/api/token',
    },
    ...(scope && { scope }),
  };
};
