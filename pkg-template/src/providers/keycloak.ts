import { bare, read, type ProviderPreset } from './preset.js';

/** Arguments of {@link keycloak}. */
export interface KeycloakOptions {
  /** Where the server is, as `https://sso.example.com`; with its path if it has one, as `/auth` before Keycloak 17. */
  url: string;
  /** The realm. */
  realm: string;
}

/** Keycloak: a client with "Client authentication" off, "Standard flow" on, and the app's origin in "Web origins". */
export const keycloak = (options: KeycloakOptions): ProviderPreset => {
  const { url, realm } = read('keycloak', options, { url: 'url', realm: 'text' });
  return { issuer: `${bare(url)}/realms/${encodeURIComponent(realm)}`, scope: 'openid profile email' };
};
