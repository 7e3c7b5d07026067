import { createClient, type AuthClient, type ClientOptions, type Repair } from 'tokenward';
import {
  apigee,
  auth0,
  azureB2C,
  bitbucket,
  cognito,
  discord,
  entra,
  github,
  google,
  keycloak,
  monzo,
  okta,
  shareFile,
  spotify,
  twitch,
  zitadel,
  type ProviderPreset,
} from 'tokenward/providers';

const tokenEndpoint = 'https://app.example.com/oauth/token';
const clientId = 'spa';

// Spread, or as an option: both are whole without an issuer of one's own.
const spread: Promise<AuthClient> = createClient({ ...keycloak({ url: 'https://sso.example.com', realm: 'acme' }), clientId });
const named: Promise<AuthClient> = createClient({ provider: auth0({ domain: 'acme.auth0.com', audience: 'x' }), clientId, scope: 'openid' });
void [spread, named];

export const all: ProviderPreset[] = [
  apigee({ tokenEndpoint, authorizationEndpoint: 'https://api.example.com/authorize', compliant: true }),
  azureB2C({ tenant: 'contoso', tenantId: 'x', policy: 'B2C_1_in', api: clientId }),
  bitbucket({ tokenEndpoint }),
  cognito({ userPoolId: 'eu-west-1_x', domain: 'acme.auth.eu-west-1.amazoncognito.com' }),
  discord(),
  entra({ tenant: 'x', api: 'api://app/access' }),
  github({ tokenEndpoint }),
  google({ tokenEndpoint, offline: true, testing: true }),
  monzo({ tokenEndpoint }),
  okta({ domain: 'acme.okta.com' }),
  shareFile({ tokenEndpoint }),
  spotify({ scope: 'user-read-email' }),
  twitch({ tokenEndpoint }),
  zitadel({ url: 'https://acme.zitadel.cloud', project: '1' }),
];

const repairs: Repair[] = ['form-answer', 'scope-list', 'bearer-type', 'error-names', 'scope-on-refresh'];
export const options: ClientOptions = { issuer: 'https://id.example.com', clientId, repairs, sessionLifetime: 86_400, logoutUriParam: 'returnTo' };

// @ts-expect-error neither an issuer nor a provider
void createClient({ clientId });
// @ts-expect-error the app's own proxy is missing
github({});
// @ts-expect-error a secret cannot be kept in a browser
github({ tokenEndpoint, clientSecret: 'x' });
// @ts-expect-error the realm is missing
keycloak({ url: 'https://sso.example.com' });
// @ts-expect-error no such repair
export const wrong: ClientOptions = { issuer: 'https://id.example.com', clientId, repairs: ['anything'] };
// @ts-expect-error a preset is data, not its function
void createClient({ provider: keycloak, clientId });

export const endsAt = async (auth: AuthClient): Promise<number | null> => auth.session.endsAt;
