/**
 * Options for known providers: one function each, plain data, nothing that is not used stays in a bundle.
 *
 * @example
 * ```ts
 * const auth = await createClient({ provider: keycloak({ url: 'https://sso.example.com', realm: 'acme' }), clientId: 'spa' });
 * ```
 *
 * @packageDocumentation
 */

export { apigee, type ApigeeOptions } from './apigee.js';
export { auth0, type Auth0Options } from './auth0.js';
export { azureB2C, type AzureB2COptions } from './azure-b2c.js';
export { bitbucket, type BitbucketOptions } from './bitbucket.js';
export { cognito, type CognitoOptions } from './cognito.js';
export { discord, type DiscordOptions } from './discord.js';
export { entra, type EntraOptions } from './entra.js';
export { github, type GitHubOptions } from './github.js';
export { google, type GoogleOptions } from './google.js';
export { keycloak, type KeycloakOptions } from './keycloak.js';
export { monzo, type MonzoOptions } from './monzo.js';
export { okta, type OktaOptions } from './okta.js';
export type { ProviderPreset, ViaProxy } from './preset.js';
export { shareFile, type ShareFileOptions } from './share-file.js';
export { spotify, type SpotifyOptions } from './spotify.js';
export { twitch, type TwitchOptions } from './twitch.js';
export { zitadel, type ZitadelOptions } from './zitadel.js';
