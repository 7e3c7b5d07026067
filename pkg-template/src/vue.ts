/**
 * Vue 3.3 and newer.
 *
 * @packageDocumentation
 */

import { computed, hasInjectionContext, inject, shallowRef, type App, type ComputedRef, type InjectionKey } from 'vue';
import { createSource, here, mayLogin, type AuthActions, type AuthInput, type AuthState } from './source.js';
import type { AuthClient, LoginOptions } from './types.js';

export type { AuthActions, AuthInput, AuthState };

/** What {@link createAuth} gives: a plugin that is also what {@link useAuth} returns. */
export interface Auth extends AuthActions {
  /** The session's status; `loading` until there is a client, `failed` when none can be made. */
  readonly status: ComputedRef<AuthState['status']>;
  /** Whether somebody is signed in; stays `true` while an expired token waits for the network. */
  readonly isSignedIn: ComputedRef<boolean>;
  /** Claims of the verified ID token. */
  readonly claims: ComputedRef<AuthState['claims']>;
  /** The whole snapshot; `null` until there is a client. */
  readonly session: ComputedRef<AuthState['session']>;
  /** Why there is no client, or why the last login or renewal failed. */
  readonly error: ComputedRef<AuthState['error']>;
  /**
   * Resolves with the client when a login in the page's URL is finished and the URL clean. Await it before the
   * router is made, or the router sees the URL of the callback. Rejects when no client can be made.
   */
  ready(): Promise<AuthClient>;
  /** For `app.use(auth)`. */
  install(app: App): void;
}

const key: InjectionKey<Auth> = /*#__PURE__*/ Symbol('tokenward');

/**
 * The plugin, from the options of `createClient`, a client, or the promise of one.
 *
 * @example
 * ```ts
 * const auth = createAuth({ issuer: 'https://id.example.com', clientId: 'spa' });
 * await auth.ready();
 * createApp(App).use(auth).use(router).mount('#app');
 * ```
 */
export const createAuth = (input: AuthInput): Auth => {
  const source = createSource(input);
  const state = shallowRef(source.state());
  source.subscribe(() => {
    state.value = source.state();
  });
  const auth: Auth = {
    ...source.actions,
    status: computed(() => state.value.status),
    isSignedIn: computed(() => state.value.isSignedIn),
    claims: computed(() => state.value.claims),
    session: computed(() => state.value.session),
    error: computed(() => state.value.error),
    ready: source.ready,
    install: (app) => {
      app.provide(key, auth);
      // On a server everything is `loading`. A failure is in the state.
      if (typeof document !== 'undefined') source.ready().catch(() => {});
    },
  };
  return auth;
};

/**
 * The session as refs, and what can be done with it.
 *
 * @example
 * ```vue
 * <script setup>
 * const { isSignedIn, claims, login, logout } = useAuth();
 * </script>
 * ```
 */
export const useAuth = (): Auth => {
  if (!hasInjectionContext()) throw new Error('useAuth() of tokenward/vue works in setup() only: call it there and keep what it gives.');
  const auth = inject(key, undefined);
  if (!auth) throw new Error('useAuth() of tokenward/vue needs app.use(createAuth(…)).');
  return auth;
};

/** What the guard needs to know of a route of vue-router. */
export interface GuardRoute {
  /** Path, query and hash below the router's base. */
  readonly fullPath: string;
  /** The route's meta fields. */
  readonly meta: Record<PropertyKey, unknown>;
}

/** What the guard needs to know of a router of vue-router. */
export interface GuardRouter {
  /** The address of a path. */
  resolve(to: string): { readonly href: string };
  /** How the router was made. */
  readonly options: { readonly history: { readonly base: string } };
}

/** Options of {@link createAuthGuard}. */
export interface AuthGuardOptions<Route extends GuardRoute = GuardRoute> {
  /** Which routes need a user. Default: those with `meta: { requiresAuth: true }`, or below one. */
  requires?: (to: Route) => boolean;
  /** Options of the login. `returnTo` defaults to the route's address. */
  login?: Omit<LoginOptions, 'signal'>;
  /** Instead of a login that starts by itself: gives the route to show, as `'/welcome'`, or `false` to stay. */
  onSignedOut?: (to: Route) => string | false;
}

/** What the guard answers vue-router: go on, stay, or go elsewhere. */
export type GuardResult = boolean | string | { path: string; replace: true };

/**
 * A navigation guard for vue-router: lets signed-in users pass and sends everybody else to the login. After a
 * login that was refused it does not start another by itself, which would loop: the navigation fails with the error,
 * for `router.onError`.
 *
 * It is a matter of display, not of protection: what a user may see is decided by the API that checks the token.
 *
 * @example
 * ```ts
 * router.beforeEach(createAuthGuard(auth, router));
 * ```
 */
export const createAuthGuard =
  <Route extends GuardRoute = GuardRoute>(auth: Auth, router: GuardRouter, options: AuthGuardOptions<Route> = {}) =>
  async (to: Route): Promise<GuardResult> => {
    const { requires = ({ meta }) => meta.requiresAuth === true, login, onSignedOut } = options;
    if (typeof document === 'undefined') return true;
    const before = here();
    await auth.ready();
    const now = here();
    const { base } = router.options.history;
    // The login that was just finished replaced the address the router had read.
    if (now !== before && now.startsWith(base)) return { path: now.slice(base.length) || '/', replace: true };
    if (!requires(to) || auth.isSignedIn.value) return true;
    if (onSignedOut) return onSignedOut(to);
    const state = { status: auth.status.value, isSignedIn: auth.isSignedIn.value, error: auth.error.value };
    if (!mayLogin(state)) {
      if (state.error) throw state.error;
      return false;
    }
    return auth.login({ returnTo: router.resolve(to.fullPath).href, ...login });
  };
