import { bare, read, type ProviderPreset } from './preset.js';

/** Arguments of {@link zitadel}. */
export interface ZitadelOptions {
  /** Where the instance is, as `https://acme.zitadel.cloud`. */
  url: string;
  /** The id of the project whose API the access token is for. */
  project?: string;
}

/** Zitadel: an application of the type "User Agent", with the authentication method "PKCE" and the refresh token grant. */
export const zitadel = (options: ZitadelOptions): ProviderPreset => {
  const { url, project } = read('zitadel', options, { url: 'url', project: 'text?' });
  return {
    issuer: bare(url),
    scope: `openid profile email offline_access${project ? ` urn:zitadel:iam:org:project:id:${project}:aud` : ''}`,
  };
};
