/**
 * React 18 and newer. Safe in StrictMode and on a server, where everything is `loading`.
 *
 * @packageDocumentation
 */

import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from 'react';
import { isAuthError, type AuthError } from './errors.js';
import { createSource, here, loading, mayLogin, type AuthActions, type AuthState, type Source } from './source.js';
import type { AuthClient, ClientOptions, GetTokenOptions, LoginOptions } from './types.js';

export type { AuthActions, AuthState };

const AuthContext = /*#__PURE__*/ createContext<Source | null>(null);

/** Props of {@link AuthProvider}: a client, or the options to make one with. Read at the first render only. */
export type AuthProviderProps = {
  /** The app. Shown from the start; decide with {@link useAuth} or {@link RequireAuth} what needs a user. */
  children?: ReactNode;
  /**
   * Called when a login that was finished has changed the page's address, with the new one as a path: pass it to
   * your router as a replacement. Default: a `popstate` event, which the common routers follow.
   */
  onReturn?: (path: string) => void;
} & (
  | {
      /** A client of `createClient`, or its promise. */
      client: AuthClient | Promise<AuthClient>;
      options?: never;
    }
  | {
      /** Options of `createClient`. The client is made after the first render, in the browser only. */
      options: ClientOptions;
      client?: never;
    }
);

const followAddress = (): void => {
  dispatchEvent(new PopStateEvent('popstate', { state: history.state as unknown }));
};

/**
 * Gives the app its client. It never disposes of the client: StrictMode unmounts for show, and the session
 * belongs to the page, not to a component.
 *
 * @example
 * ```tsx
 * <AuthProvider options={{ issuer: 'https://id.example.com', clientId: 'spa' }}>
 *   <App />
 * </AuthProvider>
 * ```
 */
export const AuthProvider = ({ client, options, onReturn, children }: AuthProviderProps): ReactElement => {
  const [source] = useState(() => createSource(client ?? (options as ClientOptions)));
  useEffect(() => {
    let mounted = true;
    const before = location.href;
    source.ready().then(
      () => {
        if (!mounted || location.href === before) return;
        if (onReturn) onReturn(here());
        else followAddress();
      },
      () => {}, // It is in the state.
    );
    return () => {
      mounted = false;
    };
    // The address changes once, when the client is made.
  }, [source]);
  return createElement(AuthContext.Provider, { value: source }, children);
};

const useSource = (name: string): Source => {
  const source = useContext(AuthContext);
  if (!source) throw new Error(`${name} needs an <AuthProvider> of tokenward/react above it.`);
  return source;
};

const useSourceState = (source: Source): AuthState =>
  useSyncExternalStore(source.subscribe, source.state, () => loading);

/** What {@link useAuth} gives. */
export interface Auth extends AuthState, AuthActions {}

/**
 * The session and what can be done with it. The methods keep their identity for the life of the provider.
 *
 * @example
 * ```tsx
 * const { isSignedIn, claims, login, logout } = useAuth();
 * return isSignedIn
 *   ? <button onClick={() => logout()}>Log out {claims?.name}</button>
 *   : <button onClick={() => login()}>Log in</button>;
 * ```
 */
export const useAuth = (): Auth => {
  const source = useSource('useAuth()');
  const state = useSourceState(source);
  return useMemo(() => ({ ...state, ...source.actions }), [source, state]);
};

/** What {@link useAccessToken} gives. */
export interface AccessToken {
  /** The access token; `null` until there is one. */
  readonly token: string | null;
  /** Why there is none though somebody is signed in. */
  readonly error: AuthError | null;
}

const noToken: AccessToken = { token: null, error: null };

/**
 * The access token as state, new after every renewal: for what takes a token as a value. Where a call can wait,
 * `getToken()` or `fetch()` of {@link useAuth} are better, since they never give a token that has just expired.
 */
export const useAccessToken = (options?: Omit<GetTokenOptions, 'signal' | 'fresh'>): AccessToken => {
  const source = useSource('useAccessToken()');
  const { isSignedIn, session } = useSourceState(source);
  const [result, setResult] = useState(noToken);
  const key = JSON.stringify(options ?? {});
  useEffect(() => {
    if (!isSignedIn) {
      setResult(noToken);
      return undefined;
    }
    const gone = new AbortController();
    const show = (next: AccessToken) => {
      if (gone.signal.aborted) return;
      setResult((old) => (old.token === next.token && old.error === next.error ? old : next));
    };
    source.actions.getToken({ ...(JSON.parse(key) as GetTokenOptions), signal: gone.signal }).then(
      (token) => show({ token, error: null }),
      (error: unknown) => show({ token: null, error: isAuthError(error) ? error : null }),
    );
    return () => gone.abort();
    // A renewal changes the session.
  }, [source, key, isSignedIn, session]);
  return result;
};

/** Props of {@link RequireAuth}. */
export interface RequireAuthProps {
  /** Shown to a signed-in user only. */
  children?: ReactNode;
  /** Shown while the session is found out and while the browser is sent to the login. */
  fallback?: ReactNode;
  /** Options of the login that starts by itself. `returnTo` defaults to the page's address. */
  login?: Omit<LoginOptions, 'signal'>;
  /** Instead of a login that starts by itself, for instance to show a welcome page. Runs in an effect. */
  onSignedOut?: (auth: Auth) => void;
  /**
   * Shown when there is no client, or the last login failed; `retry` starts another. Without it the error is
   * thrown to the nearest error boundary. No login starts by itself after one that failed: that would loop.
   */
  renderError?: (error: AuthError, retry: () => void) => ReactNode;
}

/**
 * Shows its children to a signed-in user and sends everybody else to the login.
 *
 * It is a matter of display, not of protection: what a user may see is decided by the API that checks the token.
 */
export const RequireAuth = ({ children, fallback, login, onSignedOut, renderError }: RequireAuthProps): ReactNode => {
  const auth = useAuth();
  const [failed, setFailed] = useState<AuthError | null>(null);
  const tried = useRef(false);
  const start = (): void => {
    setFailed(null);
    auth.login({ returnTo: here(), ...login }).catch((error: unknown) => {
      if (!isAuthError(error)) return;
      // The Back button: as if the page had been loaded again.
      if (error.code === 'aborted') start();
      else setFailed(error);
    });
  };
  const due = mayLogin(auth);
  useEffect(() => {
    if (auth.isSignedIn) tried.current = false;
    // A login that fails makes another one due, and StrictMode runs effects twice.
    if (!due || tried.current) return;
    tried.current = true;
    if (onSignedOut) onSignedOut(auth);
    else start();
  }, [due, auth.isSignedIn]);

  if (auth.isSignedIn) return children;
  const error = failed ?? (due || auth.status === 'signing-in' ? null : auth.error);
  if (!error) return fallback ?? null;
  if (!renderError) throw error;
  return renderError(error, start);
};
