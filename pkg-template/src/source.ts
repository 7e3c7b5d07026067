// What the React and the Vue adapter have in common: a client that may still be on its way, as a store.

import { failure, isAuthError, type AuthError } from './errors.js';
import type { Claims, Session, SessionStatus } from './session.js';
import type { AuthClient, ClientOptions, LoginOptions } from './types.js';

/** A client, one on its way, or the options of one. */
export type AuthInput = AuthClient | Promise<AuthClient> | ClientOptions;

/** What an adapter shows of the session. */
export interface AuthState {
  /** The session's status; `loading` until there is a client, `failed` when none can be made. */
  readonly status: SessionStatus | 'loading' | 'failed';
  /**
   * Whether somebody is signed in. Stays `true` while an expired token waits for the network, so that a user
   * who is offline is not thrown out of the app.
   */
  readonly isSignedIn: boolean;
  /** Claims of the verified ID token. */
  readonly claims: Claims | null;
  /** The whole snapshot; `null` until there is a client. */
  readonly session: Session | null;
  /** Why there is no client, or why the last login or renewal failed. */
  readonly error: AuthError | null;
}

/** The client's methods; each waits for the client first. */
export type AuthActions = Pick<
  AuthClient,
  | 'login'
  | 'loginSilently'
  | 'loginWithDevice'
  | 'logout'
  | 'getToken'
  | 'exchangeToken'
  | 'fetch'
  | 'userinfo'
  | 'revoke'
  | 'handleRedirect'
>;

/** A client as a store. */
export interface Source {
  readonly actions: AuthActions;
  state(): AuthState;
  subscribe(listener: () => void): () => void;
  /** The client; made at the first call when there were only options. */
  ready(): Promise<AuthClient>;
}

/** The state before there is a client, also on a server. */
export const loading: AuthState = Object.freeze({
  status: 'loading',
  isSignedIn: false,
  claims: null,
  session: null,
  error: null,
});

const stateOf = (session: Session): AuthState => {
  const { status, claims, lastError, renewal } = session;
  const isSignedIn =
    status === 'signed-in' || status === 'refreshing' || (status === 'expired' && renewal !== 'ended');
  return Object.freeze({ status, isSignedIn, claims, session, error: lastError });
};

/** Whether a login may start by itself: after one that was refused, it would be a loop. */
export const mayLogin = ({ status, isSignedIn, error }: Pick<AuthState, 'status' | 'isSignedIn' | 'error'>): boolean =>
  (status === 'signed-out' || status === 'expired') &&
  !isSignedIn &&
  (!error || error.code === 'session_ended' || error.code === 'session_expired');

/** The page's address without the origin. */
export const here = (): string => location.pathname + location.search + location.hash;

const isClient = (input: AuthInput): input is AuthClient => 'getToken' in input;

export const createSource = (input: AuthInput): Source => {
  const listeners = new Set<() => void>();
  let state = isClient(input) ? stateOf(input.session) : loading;
  let client: Promise<AuthClient> | undefined;

  const show = (to: AuthState) => {
    state = to;
    for (const listener of [...listeners]) listener();
  };
  const obtain = async (): Promise<AuthClient> => {
    if (isClient(input) || 'then' in input) return input;
    // Loaded on demand: an app that brings its client from tokenward/slim must not ship the inlined module.
    return (await import('./index.js')).createClient(input);
  };
  const make = async (): Promise<AuthClient> => {
    const made = await obtain();
    made.subscribe((session) => show(stateOf(session)));
    if (made.session !== state.session) show(stateOf(made.session));
    return made;
  };
  const ready = (): Promise<AuthClient> => {
    if (!client) {
      client = make();
      client.catch((cause: unknown) => {
        client = undefined; // The next call tries again.
        const error = isAuthError(cause) ? cause : failure('engine_load_failed', undefined, { cause });
        show(Object.freeze({ ...loading, status: 'failed', error }));
      });
    }
    return client;
  };

  return {
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ready,
    actions: {
      login: (async (options?: LoginOptions) => (await ready()).login(options)) as AuthClient['login'],
      loginSilently: async (options) => (await ready()).loginSilently(options),
      loginWithDevice: async (options) => (await ready()).loginWithDevice(options),
      logout: async (options) => (await ready()).logout(options),
      getToken: async (options) => (await ready()).getToken(options),
      exchangeToken: async (options) => (await ready()).exchangeToken(options),
      fetch: async (input, init) => (await ready()).fetch(input, init),
      userinfo: async () => (await ready()).userinfo(),
      revoke: async () => (await ready()).revoke(),
      handleRedirect: async (url) => (await ready()).handleRedirect(url),
    },
  };
};
