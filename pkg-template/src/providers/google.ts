import { read, type ProviderPreset, type ViaProxy } from './preset.js';

/** Arguments of {@link google}. */
export interface GoogleOptions extends ViaProxy {
  /** `true`: ask for a refresh token, which makes Google ask the user for consent at every login. */
  offline?: boolean;
  /** `true`: the app's publishing status is "Testing", where refresh tokens live for seven days. */
  testing?: boolean;
}

/**
 * Google: an OAuth client of the type "Web application". Needs `tokenEndpoint`, because Google's token endpoint asks a web
 * client for its secret even when there is PKCE.
 */
export const google = (options: GoogleOptions): ProviderPreset => {
  const { tokenEndpoint, offline, testing } = read(
    'google',
    options,
    { tokenEndpoint: 'url', offline: 'flag?', testing: 'flag?' },
    "Google's token endpoint asks a web client for its secret even when there is PKCE: set it to a small proxy of your own that adds the secret.",
  );
  return {
    issuer: 'https://accounts.google.com',
    metadata: { token_endpoint: tokenEndpoint },
    scope: 'openid profile email',
    ...(offline && { extraParams: { access_type: 'offline', prompt: 'consent' } }),
    ...(testing && { sessionLifetime: 604_800 }),
  };
};
