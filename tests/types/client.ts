import {
  AuthError,
  createClient,
  isAuthError,
  type AuthClient,
  type AuthErrorCode,
  type AuthorizationDetail,
  type ClientOptions,
  type DeviceCode,
  type Elsewhere,
  type ExchangedToken,
  type ExchangeOptions,
  type PopupLoginOptions,
  type RedirectResult,
  type SilentLoginOptions,
  type Session,
  type VaultFactory,
  type VaultKind,
} from 'tokenward';
import { frontChannelLogout, initiatedLogin, relay } from 'tokenward/callback';
import { createClient as createSlim, type AuthClient as SlimClient } from 'tokenward/slim';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <_True extends true>(): void => {};

const options: ClientOptions = {
  issuer: 'https://id.example.com',
  clientId: 'spa',
  redirectUri: 'https://app.example.com/',
  postLogoutRedirectUri: 'https://app.example.com/',
  scope: 'openid',
  discovery: false,
  metadata: { token_endpoint: 'https://id.example.com/token' },
  resource: ['https://api.example.com'],
  extraParams: { audience: 'x' },
  tokenParams: { audience: 'x' },
  idTokenAlgorithms: ['ES256'],
  requirePkce: true,
  leeway: 300,
  minValidity: 10,
  renewal: 'on-demand',
  timeout: 20,
  freshness: 600,
  responseType: 'code',
  dangerously: {},
  apis: ['https://api.example.com', { url: 'https://b.example.com', methods: ['GET'] }],
  persistence: 'sealed',
  handleRedirect: false,
  monitorSession: { interval: 60 },
  vault: 'page',
  exposeAccessToken: false,
};
// @ts-expect-error there is no clear text
void createClient({ issuer: 'https://id.example.com', clientId: 'spa', persistence: 'localStorage' });
const client: Promise<AuthClient> = createClient(options);

// @ts-expect-error clientId is missing
void createClient({ issuer: 'https://id.example.com' });
// @ts-expect-error misspelt
void createClient({ issuer: 'https://id.example.com', clientId: 'spa', scopes: 'openid' });
// @ts-expect-error the implicit grant does not exist
void createClient({ issuer: 'https://id.example.com', clientId: 'spa', responseType: 'token' });
// @ts-expect-error a URL object is not an option
void createClient({ issuer: new URL('https://id.example.com'), clientId: 'spa' });
// @ts-expect-error a secret cannot be kept in a browser
void createClient({ issuer: 'https://id.example.com', clientId: 'spa', clientSecret: 'x' });
// @ts-expect-error no switch exists
void createClient({ issuer: 'https://id.example.com', clientId: 'spa', dangerously: { anything: true } });

const popup: PopupLoginOptions = { mode: 'popup', timeout: 60, prompt: 'login' };
const silent: SilentLoginOptions = { mode: 'redirect', returnTo: '/' };

export const flows = async (auth: AuthClient): Promise<void> => {
  const onCode = ({ userCode, verificationUri, verificationUriComplete, expiresAt }: DeviceCode): void => {
    holds<Equal<typeof verificationUriComplete, string | null>>();
    void [userCode, verificationUri, expiresAt];
  };
  const session = await auth.loginWithDevice({ onCode, scope: 'openid', signal: AbortSignal.timeout(1) });
  holds<Equal<typeof session, Session>>();
  // @ts-expect-error the code must be shown
  await auth.loginWithDevice({ scope: 'openid' });
  // @ts-expect-error nobody comes back from anywhere
  await auth.loginWithDevice({ onCode, returnTo: '/' });
  const options: ExchangeOptions = { audience: 'https://api.example.com', resource: ['https://api.example.com/'] };
  const issued = await auth.exchangeToken(options);
  holds<Equal<typeof issued, ExchangedToken>>();
  await auth.exchangeToken();
  // @ts-expect-error the names are those of the package
  await auth.exchangeToken({ subject_token: 'x' });
  await auth.login({ authorizationDetails: [{ type: 'payment', amount: 5 }] });
  // @ts-expect-error each has a type
  await auth.login({ authorizationDetails: [{ amount: 5 }] });
  const granted = auth.session.authorizationDetails;
  holds<Equal<typeof granted, readonly AuthorizationDetail[] | null>>();
};

export const beside = async (auth: AuthClient): Promise<void> => {
  const session = await auth.login(popup);
  holds<Equal<typeof session, Session>>();
  const known = await auth.loginSilently(silent);
  holds<Equal<typeof known, Session | null>>();
  await auth.loginSilently({ timeout: 5, signal: AbortSignal.timeout(1) });
  // @ts-expect-error a silent login asks nobody
  await auth.loginSilently({ prompt: 'login' });
  // @ts-expect-error the page stays where it is
  await auth.login({ mode: 'popup', returnTo: '/' });
  // @ts-expect-error the time limit is that of a popup
  await auth.login({ timeout: 5 });
  auth.on('elsewhere', ({ hint }) => holds<Equal<typeof hint, Elsewhere | undefined>>());
  const taken = await relay();
  holds<Equal<typeof taken, boolean>>();
  const initiated = initiatedLogin('https://id.example.com');
  if (initiated) await auth.login(initiated);
};

export const redirects = (auth: AuthClient): void => {
  const left = auth.login({ mode: 'redirect' });
  holds<Equal<typeof left, Promise<never>>>();
};
const factory: VaultFactory = (kind) => (kind === 'shared' ? new SharedWorker('/vault.js') : undefined);
for (const vault of [factory, new Worker('/vault.js'), new SharedWorker('/vault.js', { type: 'module', name: 'x' }), 'page'] as const) {
  void createClient({ ...options, vault });
}
// @ts-expect-error an address is not a worker: how it is made is up to the app
void createClient({ ...options, vault: '/vault.js' });

export const use = async (auth: AuthClient): Promise<void> => {
  holds<Equal<typeof auth.session.vault, VaultKind>>();
  const token = await auth.getToken();
  holds<Equal<typeof token, string>>();
  await auth.getToken({ minValidity: 60, fresh: true, scope: 'a', resource: 'b', signal: AbortSignal.timeout(1) });
  // @ts-expect-error milliseconds do not go by this name
  await auth.getToken({ minValidityMs: 1 });

  const response = await auth.fetch(new URL('https://api.example.com/me'), { method: 'POST' });
  holds<Equal<typeof response, Response>>();
  await auth.fetch(new Request('https://api.example.com/me'));
  const wrapped: typeof fetch = auth.fetch;
  void wrapped;

  const redirect = await auth.handleRedirect(new URL('https://app.example.com/'));
  holds<Equal<typeof redirect, RedirectResult | null>>();

  // @ts-expect-error a snapshot cannot be changed
  auth.session = redirect!.session;
  // @ts-expect-error nor its members
  auth.session.status = 'signed-in';
  // @ts-expect-error null when nobody is signed in
  void auth.session.claims.sub;
  if (auth.session.claims) {
    const { sub, name, anything } = auth.session.claims;
    holds<Equal<typeof sub, string>>();
    holds<Equal<typeof name, string | undefined>>();
    holds<Equal<typeof anything, unknown>>();
  }

  const stop = auth.subscribe((session) => holds<Equal<typeof session, Session>>());
  stop();
  auth.on('renewal-failed', ({ type, session, error }) => {
    holds<Equal<typeof session, Session>>();
    holds<Equal<typeof error, AuthError | null>>();
    void type;
  });
  // @ts-expect-error no such event
  auth.on('login', () => {});

  const claims = await auth.userinfo();
  holds<Equal<typeof claims.sub, string>>();
  holds<Equal<Awaited<ReturnType<AuthClient['revoke']>>, void>>();
  await auth.logout({ local: true, revoke: false });
  const never = await auth.login({ prompt: 'login', maxAge: 0, claims: { id_token: { acr: { essential: true } } } });
  holds<Equal<typeof never, never>>();
};

export const disposal = async (): Promise<void> => {
  await using auth = await client;
  void auth.session;
};

export const methodsNeedNoThis = ({ getToken, login }: AuthClient): unknown => [getToken, login];

export const codes = (error: unknown): void => {
  if (!isAuthError(error)) return;
  holds<Equal<typeof error, AuthError>>();
  holds<Equal<typeof error.code, AuthErrorCode>>();
  switch (error.code) {
    case 'login_required':
    case 'engine_failed':
      break;
    // @ts-expect-error the list is closed
    case 'no_such_code':
      break;
  }
};

holds<Equal<AuthClient, SlimClient>>();
void createSlim(options, '/tokenward.wasm');
void createSlim(options, fetch('/tokenward.wasm'));
void createSlim(options, new Uint8Array());
// @ts-expect-error slim has no module of its own
void createSlim(options);
