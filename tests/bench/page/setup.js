// What every library is told, where nothing leaves the page.

export const ISSUER = 'https://id.bench.test/';

export const SETUP = {
  issuer: ISSUER,
  // Pages that share a tab's storage are different clients.
  clientId: new URLSearchParams(location.search).get('client') ?? 'bench',
  redirectUri: `${location.origin}/bench/callback`,
  scope: 'openid profile offline_access',
  metadata: {
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}authorize`,
    token_endpoint: `${ISSUER}token`,
    jwks_uri: `${ISSUER}jwks`,
  },
};

export const load = (library) => import(`/bench/made/${library}.js`);
