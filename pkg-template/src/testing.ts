/**
 * A client for the tests of an app: no server, no network, no WebAssembly; it runs in Node. The test says what
 * happens. Types, snapshots, events and errors are those of the real one.
 *
 * @packageDocumentation
 */

import { createAnnouncer } from './announcer.js';
import { asyncDisposable } from './async-dispose.js';
import type { AuthErrorCode } from './error-codes.js';
import { AuthError, messageOf, type AuthErrorInit } from './errors.js';
import type { Elsewhere } from './elsewhere.js';
import { signedOut, type Claims, type Session } from './session.js';
import type { AuthClient, ClientSettings, LoginOptions } from './types.js';

/** What {@link createTestClient} takes. */
export interface TestClientOptions {
  /** Who is signed in from the start. Default: nobody. */
  claims?: Claims;
  /**
   * Whom `login` and `loginSilently` sign in; `null`: nobody, as when the user does not come back and the server must ask.
   * Default `{ sub: 'test-user' }`.
   */
  user?: Claims | null;
  /** What `getToken` gives, or makes for each new token. Default `test-token`. */
  token?: string | (() => string);
  /** The scope that was granted. Default `openid`. */
  scope?: string;
  /** Seconds a token lives, for `session.expiresAt`; no time passes by itself. Default 300. */
  lifetime?: number;
  /** Answers the requests of `fetch`, which come with the token in `Authorization`. Default: `api_not_allowed`. */
  respond?: (request: Request) => Response | Promise<Response>;
  /** As the option of `createClient`: `false` makes `getToken` refuse. Default `true`. */
  exposeAccessToken?: ClientSettings['exposeAccessToken'];
  /** Members of every snapshot of a session, such as `endsAt`, `vault` or `persistence`. */
  session?: Partial<Pick<Session, 'endsAt' | 'vault' | 'persistence'>>;
}

/** The methods of a client that can be told to fail. */
export type TestMethod = Exclude<keyof AuthClient, 'session' | 'subscribe' | 'on' | symbol>;

/** What happens to a {@link TestClient}, said by the test. */
export interface TestControls {
  /** Somebody signs in: the user of the options, or this one. */
  signIn(claims?: Claims): void;
  /** The session ends as by `logout`. */
  signOut(): void;
  /** There is a new token, as after a renewal. */
  renew(): void;
  /** The server ends the session; `session_expired` instead, as without a refresh token. */
  expire(code?: 'session_ended' | 'session_expired' | 'identity_changed'): void;
  /** A renewal fails by the network: the session is kept, and there is no token until {@link TestControls.renew}. */
  loseNetwork(): void;
  /** Another tab is heard of, or a front-channel logout. */
  elsewhere(hint: Elsewhere): void;
  /** The next call of the method rejects with this code; what is known of the error beside it can be given too. */
  fail(method: TestMethod, code: AuthErrorCode, more?: Partial<AuthErrorInit>): void;
  /** The methods that were called and what they were given, in order. */
  readonly calls: readonly { readonly method: TestMethod; readonly args: readonly unknown[] }[];
}

/** A client that a test controls. */
export interface TestClient extends AuthClient {
  /** What the test can make happen. */
  readonly controls: TestControls;
}

/** Codes of errors after which the same call can succeed. */
const RETRYABLE: readonly string[] = [
  'network_failed', 'timed_out', 'server_unavailable', 'keys_unavailable', 'lock_busy', 'popup_blocked', 'login_timed_out',
  'engine_load_failed', 'device_expired',
];

/** An error like those of a client. */
export const testError = (code: AuthErrorCode, more: Partial<AuthErrorInit> = {}): AuthError =>
  new AuthError({
    code,
    phase: 'session',
    retryable: RETRYABLE.includes(code),
    message: messageOf(code, more.path),
    hint: 'This error was made by a test.',
    ...more,
  });

/**
 * Makes the client of a test.
 *
 * @example
 * ```tsx
 * const auth = createTestClient({ claims: { sub: '1', name: 'Ada' } });
 * render(<AuthProvider client={auth}><App /></AuthProvider>);
 * auth.controls.expire();
 * await screen.findByText('Please log in again');
 * ```
 */
export const createTestClient = (options: TestClientOptions = {}): TestClient => {
  const { user = { sub: 'test-user' }, scope = 'openid', lifetime = 300, exposeAccessToken = true } = options;
  const { session, change, happen, subscribe, on, silence } = createAnnouncer();
  const calls: { method: TestMethod; args: readonly unknown[] }[] = [];
  const failures: { method: TestMethod; error: AuthError }[] = [];
  let token: string | undefined;
  let disposed = false;

  const show = (over: Partial<Session>): void =>
    change(Object.freeze({ ...session(), ...(over.claims !== null && options.session), ...over }));

  const haveToken = (): Partial<Session> => {
    const { token: made = 'test-token' } = options;
    token = typeof made === 'function' ? made() : made;
    const expiresAt = Date.now() + lifetime * 1000;
    return { status: 'signed-in', expiresAt, renewsAt: expiresAt - lifetime * 250, renewal: 'live', lastError: null };
  };
  const signIn = (claims: Claims): void => {
    show({ ...haveToken(), claims: Object.freeze({ ...claims }), scope });
    happen({ type: 'signed-in', session: session(), error: null });
  };
  const signOut = (): void => {
    if (!token && session().status === 'signed-out') return;
    token = undefined;
    change(signedOut(null, session().vault));
    happen({ type: 'signed-out', session: session(), error: null });
  };
  const renew = (): void => {
    if (!session().claims) throw testError('login_required');
    show(haveToken());
    happen({ type: 'renewed', session: session(), error: null });
  };
  const expire = (code: AuthErrorCode): void => {
    const error = testError(code);
    token = undefined;
    change(Object.freeze({ ...signedOut(error, session().vault), status: 'expired' }));
    happen({ type: 'session-expired', session: session(), error });
  };
  const loseNetwork = (): void => {
    const error = testError('network_failed');
    token = undefined;
    show({ status: 'expired', renewal: 'waiting-for-network', renewsAt: null, lastError: error });
    happen({ type: 'renewal-failed', session: session(), error });
  };

  /** Notes the call, and does what a call does unless it was told to fail. */
  const called =
    <A extends unknown[], R>(method: TestMethod, work: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      calls.push({ method, args });
      if (disposed) throw testError('client_disposed');
      const at = failures.findIndex((failure) => failure.method === method);
      const [failed] = at < 0 ? [] : failures.splice(at, 1);
      if (failed) throw failed.error;
      const { signal } = (args[0] ?? {}) as { signal?: AbortSignal };
      if (signal?.aborted) throw testError('aborted');
      return work(...args);
    };

  const tokenNow = (): string => {
    const { lastError, renewal } = session();
    if (token === undefined) throw (renewal === 'waiting-for-network' && lastError) || testError('login_required');
    return token;
  };

  const client: TestClient = {
    controls: {
      signIn: (claims = user ?? { sub: 'test-user' }) => signIn(claims),
      signOut,
      renew,
      expire: (code = 'session_ended') => expire(code),
      loseNetwork,
      elsewhere: (hint) => happen({ type: 'elsewhere', session: session(), error: null, hint }),
      fail: (method, code, more) => void failures.push({ method, error: testError(code, more) }),
      calls,
    },
    get session() {
      return session();
    },
    // The real one leaves the page: nothing after it runs, and the app begins anew with the user signed in.
    login: called('login', async ({ mode }: Omit<LoginOptions, 'mode'> & { mode?: string } = {}) => {
      if (user) signIn(user);
      else show({ status: 'signing-in' });
      return mode === 'popup' && user ? session() : new Promise(() => {});
    }) as AuthClient['login'],
    loginSilently: called('loginSilently', () => {
      if (user) signIn(user);
      return user && session();
    }),
    loginWithDevice: called('loginWithDevice', ({ onCode }) => {
      onCode(Object.freeze({
        userCode: 'TEST-CODE',
        verificationUri: 'https://id.example.com/device',
        verificationUriComplete: null,
        expiresAt: Date.now() + 600_000,
      }));
      if (!user) return new Promise<never>(() => {});
      signIn(user);
      return session();
    }),
    handleRedirect: called('handleRedirect', () => null),
    getToken: called('getToken', ({ fresh } = {}) => {
      if (!exposeAccessToken) throw testError('token_hidden');
      tokenNow();
      if (fresh) renew();
      return tokenNow();
    }),
    fetch: called('fetch', (input, init) => {
      const base = globalThis.location?.href;
      const request = new Request(input instanceof Request ? input : new URL(input, base), init);
      if (!options.respond) throw testError('api_not_allowed', { path: new URL(request.url).origin });
      request.headers.set('authorization', `Bearer ${tokenNow()}`);
      return options.respond(request);
    }),
    // As where tokens are not bound to a key.
    proof: called('proof', () => {
      if (!exposeAccessToken) throw testError('token_hidden');
      return { authorization: `Bearer ${tokenNow()}` };
    }),
    subscribe,
    on,
    userinfo: called('userinfo', () => {
      tokenNow();
      return session().claims as Claims;
    }),
    exchangeToken: called('exchangeToken', ({ subjectToken, requestedTokenType, scope: wanted } = {}) => {
      if (!exposeAccessToken) throw testError('token_hidden');
      if (subjectToken === undefined) tokenNow();
      return {
        token: 'exchanged-token',
        issuedTokenType: requestedTokenType ?? 'urn:ietf:params:oauth:token-type:access_token',
        tokenType: 'Bearer',
        expiresAt: Date.now() + lifetime * 1000,
        scope: wanted ?? null,
      };
    }),
    logout: called('logout', signOut),
    revoke: called('revoke', () => {
      if (!session().claims) throw testError('login_required');
      signOut();
    }),
    dispose: async () => {
      calls.push({ method: 'dispose', args: [] });
      disposed = true;
      token = undefined;
      silence();
    },
  } satisfies Omit<TestClient, symbol> as TestClient;

  if (options.session) change(Object.freeze({ ...session(), ...options.session }));
  if (options.claims) show({ ...haveToken(), claims: Object.freeze({ ...options.claims }), scope });
  asyncDisposable(client);
  return client;
};
