import type { AuthError } from './errors.js';
import type { Elsewhere } from './elsewhere.js';
import type { ProviderPreset } from './providers/preset.js';
import type { AuthorizationDetail, Claims, EventType, Session } from './session.js';

/**
 * Server metadata under the names of RFC 8414 section 2 (OIDC Discovery section 3). Laid over what discovery
 * gives; with `discovery: false` it is all there is. URLs must be absolute https, or http between loopback
 * page and loopback server.
 */
export interface ServerMetadata {
  /** Overrides nothing: it must equal the option `issuer` when given. */
  issuer?: string;
  /** RFC 6749 3.1. */
  authorization_endpoint?: string;
  /** RFC 6749 3.2. */
  token_endpoint?: string;
  /** The server's signing keys (RFC 7517). */
  jwks_uri?: string;
  /** OIDC Core 5.3. */
  userinfo_endpoint?: string;
  /** OIDC RP-Initiated Logout 2. */
  end_session_endpoint?: string;
  /** RFC 7009. */
  revocation_endpoint?: string;
  /** RFC 8628. */
  device_authorization_endpoint?: string;
  /** JWS algorithms of ID tokens. */
  id_token_signing_alg_values_supported?: string[];
  /** RFC 9207 3: the server sends `iss` with every authorization response. */
  authorization_response_iss_parameter_supported?: boolean;
  /** RFC 8414 2; must contain `S256` when given. */
  code_challenge_methods_supported?: string[];
  /** RFC 9126 5. */
  pushed_authorization_request_endpoint?: string;
  /** RFC 9126 5: the server takes no other authorization requests. */
  require_pushed_authorization_requests?: boolean;
  /** RFC 9449 5.1: JWS algorithms of DPoP proofs. */
  dpop_signing_alg_values_supported?: string[];
}

/** An API that gets the token: its address, maybe narrowed to some methods. */
export interface Api {
  /**
   * Absolute URL without query and fragment. Covers the same origin and, by whole segments, everything under
   * its path: `https://api.example.com/v1` covers `/v1` and `/v1/users`, not `/v10`.
   */
  url: string;
  /** HTTP methods that may carry the token; default: all. */
  methods?: string[];
}

/**
 * Makes the worker of a vault: asked for a shared one where the browser has them, then for a dedicated one. When it
 * throws, gives nothing, or what it gave does not answer, the next is tried; last of all the page is the vault.
 */
export type VaultFactory = (kind: 'shared' | 'dedicated') => Worker | SharedWorker | undefined;

/**
 * A repair of token answers that are nearly what RFC 6749 says. The presets of `tokenward/providers` name those their
 * provider needs; every other server is judged without.
 *
 * - `form-answer`: answers in form encoding are read.
 * - `scope-list`: the granted scope may be a list, have commas between its values, or be called `scopes`.
 * - `bearer-type`: the token type `BearerToken` is `Bearer`.
 * - `error-names`: errors may be called `ErrorCode` and `Error`, or `code` and `message`; `bad_refresh_token`,
 *   `Invalid refresh token` and `Refresh Token expired` mean `invalid_grant`.
 * - `scope-on-refresh`: a refresh repeats the scope of the login; the one in the answer, of which a part is missing, is
 *   not read.
 */
export type Repair = 'form-answer' | 'scope-list' | 'bearer-type' | 'error-names' | 'scope-on-refresh';

/**
 * Options of `createClient`: which server, by `issuer` or by a preset of `tokenward/providers`, and
 * {@link ClientSettings}. A key that does not exist is an error that names the nearest one that does.
 */
export type ClientOptions = ClientSettings &
  (
    | {
        /** The server's issuer identifier, exactly as its metadata spells it. */
        issuer: string;
        provider?: ProviderPreset;
      }
    | {
        /** What a preset of `tokenward/providers` gives. Options beside it replace its members, each as a whole. */
        provider: ProviderPreset;
        issuer?: string;
      }
  );

/** The options beside the server's name. */
export interface ClientSettings {
  /** The client identifier registered at the server (RFC 6749 2.2). A public client: there is no secret. */
  clientId: string;
  /** Where the server sends the browser back to; registered there. Default: the page's URL without query and fragment. */
  redirectUri?: string;
  /** Where the server sends the browser after a logout; registered there. Default: none is sent. */
  postLogoutRedirectUri?: string;
  /**
   * Space-separated scope (RFC 6749 3.3). Default `openid`. Most servers issue a refresh token only for
   * `offline_access`.
   */
  scope?: string;
  /** `oidc` (default): OpenID Connect Discovery. `oauth`: RFC 8414. `false`: {@link ClientSettings.metadata} is all there is. */
  discovery?: 'oidc' | 'oauth' | false;
  /** Metadata laid over what discovery gives. */
  metadata?: ServerMetadata;
  /** Resource indicators (RFC 8707): the APIs the token is meant for. */
  resource?: string | string[];
  /** Further parameters of the authorization request, as `{ audience: '…' }`. Those of the protocol cannot be replaced. */
  extraParams?: Record<string, string>;
  /** Further parameters of token requests. Those of the protocol cannot be replaced. */
  tokenParams?: Record<string, string>;
  /** What to forgive in this server's token answers. Default: nothing. */
  repairs?: Repair[];
  /**
   * Seconds from the login until the server ends the session, whatever is renewed meanwhile: {@link Session.endsAt}
   * says when. Default: not known.
   */
  sessionLifetime?: number;
  /**
   * What the server's logout page calls `post_logout_redirect_uri`, when it is not that of OpenID Connect: no ID token is
   * sent to it then.
   */
  logoutUriParam?: string;
  /** JWS algorithms an ID token may be signed with. Default: RS256, PS256, ES256 and their longer kin, EdDSA. */
  idTokenAlgorithms?: string[];
  /**
   * Refuses a server whose metadata does not announce PKCE with S256 (RFC 9700 2.1.1). S256 is sent in any case; a
   * server that says nothing may ignore it. Default `false`.
   */
  requirePkce?: boolean;
  /** Audiences an ID token may name beside this client (OIDC Core 3.1.3.7). Default: none. */
  trustedAudiences?: string[];
  /** Seconds the server's clock and this device's may differ. Default 300, which is also the most. */
  leeway?: number;
  /** Seconds a token of `getToken` is at least valid for. Default 10; at most half the token's life. */
  minValidity?: number;
  /** `automatic` (default): tokens are renewed before they expire. `on-demand`: when one is asked for. */
  renewal?: 'automatic' | 'on-demand';
  /** Seconds until a request to the server is given up. Default 20. */
  timeout?: number;
  /** Seconds since its `iat` up to which the ID token of a login is accepted. Default 600. */
  freshness?: number;
  /**
   * Whether tokens are bound to a key that cannot be copied (DPoP, RFC 9449), so that a stolen token is worth nothing.
   * `off` (default). `preferred`: where the server announces DPoP with ES256, or Ed25519 and the browser has it; a server may still answer with a Bearer
   * token, and {@link Session.tokenType} says so. `required`: a Bearer token is refused with `dpop_downgraded`.
   *
   * The server must allow the header `DPoP` in requests of this origin, and name `DPoP-Nonce` and `WWW-Authenticate` in
   * `Access-Control-Expose-Headers`; so must APIs.
   */
  dpop?: 'off' | 'preferred' | 'required';
  /**
   * Whether authorization requests are pushed to the server (RFC 9126). `auto` (default): where the server takes no others.
   * `required`: always, and `login()` rejects where it cannot be done. `off`: never.
   */
  par?: 'auto' | 'required' | 'off';
  /** Only `code` exists; anything else is refused with `implicit_refused`. */
  responseType?: 'code';
  /** Switches that break a protection, named for what they break. There is none yet. */
  dangerously?: Record<string, never>;
  /**
   * The APIs {@link AuthClient.fetch} sends the token to: absolute URLs, or {@link Api} to narrow methods.
   * Default: none. https, or http between loopback page and loopback API.
   */
  apis?: (string | Api)[];
  /**
   * What becomes of a request of {@link AuthClient.fetch} that an API refuses until the user has authenticated in another
   * way or more recently (RFC 9470). Without it, the 401 is the result. `'event'`: `step-up-needed` is told too. A function is
   * asked, and a login begins only when it gives options for one: with `{ mode: 'popup' }` the request is sent once
   * more after it, without, the page is left. What the API wants is added, and checked when the user comes back.
   *
   * At most one login for each call, one for all that wait at the same time, and none for what the last login
   * brought already. The API must name `WWW-Authenticate` in `Access-Control-Expose-Headers`.
   */
  onStepUp?:
    | 'event'
    | ((needed: StepUp) => StepUpAnswer | Promise<StepUpAnswer>);
  /**
   * `memory` (default): a session is gone when its page is. `sealed`: it is kept, encrypted, for reloads and for all
   * tabs; the README says what that is worth. {@link Session.persistence} says what it came to.
   */
  persistence?: 'memory' | 'sealed';
  /**
   * What a page without a worker downloads. `auto` (default): a lean engine, or the whole one when an option needs it:
   * `persistence: 'sealed'`, `dpop`, `onStepUp`, and the `repairs` of some presets. `whole`: everything at once. A worker has the whole one.
   */
  engine?: 'auto' | 'whole';
  /**
   * Where tokens live and requests are made. `'page'` (default), a module worker of `tokenward/vault`, one that all
   * tabs share, or a {@link VaultFactory}. {@link Session.vault} says what it is.
   */
  vault?: 'page' | Worker | SharedWorker | VaultFactory;
  /**
   * `false`: {@link AuthClient.getToken} refuses with `token_hidden`, and {@link AuthClient.fetch} is the way to the APIs. In a
   * vault that is a worker the token then never comes to the page. Default `true`.
   */
  exposeAccessToken?: boolean;
  /**
   * Asks the server now and then, in a hidden frame, whether the user is signed in there still, and ends the session when not
   * (`session_ended`), or when it is somebody else (`identity_changed`). Needs a server of the same site, or a browser that
   * sends third-party cookies; where it cannot be told, the session stays and `monitoring-ended` says so. `interval`: seconds
   * between two checks, 10 to 86400, default 300. Default `false`.
   */
  monitorSession?: boolean | { interval?: number };
  /** Whether `createClient` finishes a login whose answer is in the page's URL. Default `true`. */
  handleRedirect?: boolean;
}

/** Options of {@link AuthClient.login}; those of the protocol are described in OIDC Core 3.1.2.1. */
export interface LoginOptions {
  /** Where in the app to go after the login: a path, or a URL of the page's own origin; anything else is refused. */
  returnTo?: string;
  /** Space-separated: what the server must ask the user. */
  prompt?: 'none' | 'login' | 'consent' | 'select_account' | 'create' | (string & {});
  /** The name the user is likely to log in with. */
  loginHint?: string;
  /** Seconds since the user's last active authentication; checked against `auth_time`. */
  maxAge?: number;
  /** Authentication context classes in order of preference, as a list or space-separated: a wish. */
  acrValues?: string | string[];
  /** Authentication context classes of which the ID token must name one: a demand, checked against `acr`. */
  requiredAcr?: string | string[];
  /** The claims request (OIDC Core 5.5). An essential `acr` or `auth_time` of the ID token in it is checked. */
  claims?: Record<string, unknown>;
  /** Space-separated scope instead of that of the client. */
  scope?: string;
  /** Resource indicators (RFC 8707) instead of those of the client. */
  resource?: string | string[];
  /** What the user is asked to allow in detail (RFC 9396). What was granted is in {@link Session.authorizationDetails}. */
  authorizationDetails?: AuthorizationDetail[];
  /** Space-separated languages for the server's pages, in order of preference (BCP 47). */
  uiLocales?: string;
  /** How the server should show its pages. */
  display?: 'page' | 'popup' | 'touch' | 'wap';
  /** Further parameters of this authorization request, beside those of the client. */
  extraParams?: Record<string, string>;
  /** `redirect` (default): the page is left. */
  mode?: 'redirect';
  /** Gives up: the page is not left any more, and the promise rejects with `aborted`. */
  signal?: AbortSignal;
}

/** Options of {@link AuthClient.login} in a popup. */
export interface PopupLoginOptions extends Omit<LoginOptions, 'mode' | 'returnTo'> {
  /** The server's page is shown in a window of its own, and the page stays. */
  mode: 'popup';
  /** Seconds the user has. Default 300. */
  timeout?: number;
}

/** Options of {@link AuthClient.loginSilently}. */
export interface SilentLoginOptions extends Omit<LoginOptions, 'mode' | 'prompt'> {
  /**
   * `frame` (default): in a hidden frame. `redirect`: the page is left and comes back with or without a session, also
   * where frames get no cookies.
   */
  mode?: 'frame' | 'redirect';
  /** Seconds the server has in a frame. Default 10. */
  timeout?: number;
}

/** What a user needs to log in by another device (RFC 8628 3.2). */
export interface DeviceCode {
  /** The code to be entered. */
  readonly userCode: string;
  /** Where: https, as everything that is shown here. */
  readonly verificationUri: string;
  /** The same with the code in it, to be shown as a QR code; `null` when the server gives none. */
  readonly verificationUriComplete: string | null;
  /** End of the code's life in milliseconds as `Date.now()` counts. */
  readonly expiresAt: number;
}

/** Options of {@link AuthClient.loginWithDevice}. */
export interface DeviceLoginOptions {
  /** Shows the code to the user; called once. When it throws or rejects, the login is given up. */
  onCode(code: DeviceCode): unknown;
  /** Space-separated scope instead of that of the client. */
  scope?: string;
  /** Resource indicators (RFC 8707) instead of those of the client. */
  resource?: string | string[];
  /** What the user is asked to allow in detail (RFC 9396). */
  authorizationDetails?: AuthorizationDetail[];
  /** Further parameters of the device authorization request, beside those of the client. */
  extraParams?: Record<string, string>;
  /** Gives up, with `aborted`; tokens that come too late are given back. */
  signal?: AbortSignal;
}

/** Options of {@link AuthClient.exchangeToken}: the parameters of RFC 8693 2.1. Token types are URIs (section 3). */
export interface ExchangeOptions {
  /** The token to be exchanged. Default: the access token of the session. */
  subjectToken?: string;
  /** What that is; required with `subjectToken`. */
  subjectTokenType?: string;
  /** What is wanted; the answer must be of this type. A refresh token cannot be asked for. */
  requestedTokenType?: string;
  /** The services that the new token is for, by name. */
  audience?: string | string[];
  /** The services that it is for, by address (RFC 8707). */
  resource?: string | string[];
  /** Its space-separated scope. */
  scope?: string;
  /** The token of whoever acts for the subject. */
  actorToken?: string;
  /** What that is; required with `actorToken`. */
  actorTokenType?: string;
  /** What it is to allow in detail (RFC 9396). */
  authorizationDetails?: AuthorizationDetail[];
  /** Further parameters. Those of the protocol cannot be set here. */
  extraParams?: Record<string, string>;
  /** Gives up waiting, with `aborted`; what was sent goes on. */
  signal?: AbortSignal;
}

/** What {@link AuthClient.exchangeToken} gives (RFC 8693 2.2). */
export interface ExchangedToken {
  /** The new token. Keeping it is up to the app. */
  token: string;
  /** What it is. */
  issuedTokenType: string;
  /** `DPoP`: bound to the key of the session (option `dpop`). `N_A`: no access token. */
  tokenType: 'Bearer' | 'DPoP' | 'N_A';
  /** End of its life in milliseconds as `Date.now()` counts; `null` when unknown. */
  expiresAt: number | null;
  /** Its scope; `null` when the server does not say. */
  scope: string | null;
}

/** Options of {@link AuthClient.getToken}. */
export interface GetTokenOptions {
  /** Seconds the token must be valid for, at most half its life. Default: that of the client. */
  minValidity?: number;
  /** `true`: not the token at hand but a new one. */
  fresh?: boolean;
  /**
   * Space-separated part of the granted scope (RFC 6749 6): a token that can do less. With `resource`: what it can do
   * there, which only the server can judge.
   */
  scope?: string;
  /** Resource indicators (RFC 8707 2.2): a token for these APIs, which the login must have asked for. */
  resource?: string | string[];
  /** Gives up waiting, with `aborted`; a refresh that was sent goes on for the others. */
  signal?: AbortSignal;
}

/** A request that is sent by other means than {@link AuthClient.fetch}. */
export interface ProofRequest {
  /** The HTTP method. Default `GET`. */
  method?: string;
  /** The whole address. */
  url: string | URL;
  /** The `DPoP-Nonce` of the server's last answer, if it had one. Kept for the server's origin. */
  nonce?: string | null;
  /** Another token than the session's: one of {@link AuthClient.exchangeToken} whose `tokenType` is `DPoP`. */
  token?: string;
}

/** Headers of one request. */
export interface ProofHeaders {
  /** The access token with its scheme. */
  authorization: string;
  /** The proof, good for this one request; not there when the token is a Bearer token. */
  dpop?: string;
}

/** Options of {@link AuthClient.logout}. */
export interface LogoutOptions {
  /** `true`: only here; the server's own session stays, and the next login may need no password. */
  local?: boolean;
  /** Whether the tokens are revoked at the server (RFC 7009), where it offers that. Default `true`. */
  revoke?: boolean;
  /** Instead of {@link ClientSettings.postLogoutRedirectUri}. */
  postLogoutRedirectUri?: string;
  /** OIDC RP-Initiated Logout 2. */
  logoutHint?: string;
  /** Space-separated languages for the server's pages, in order of preference (BCP 47). */
  uiLocales?: string;
  /** Further parameters of the logout request. */
  extraParams?: Record<string, string>;
}

/** What {@link AuthClient.handleRedirect} gives for a login that was finished. */
export interface RedirectResult {
  /** The session. */
  session: Session;
  /** `returnTo` of the login, as a path of this origin; `null` when it had none. Going there is up to the app. */
  returnTo: string | null;
}

/** What listeners of {@link AuthClient.on} get. */
export interface AuthEvent {
  /** What happened. */
  type: EventType;
  /** The session after it. */
  session: Session;
  /** Why, for `renewal-failed` and `session-expired`; else `null`, if there is no cause to name. */
  error: AuthError | null;
  /** What happened in another tab, for `elsewhere`. */
  hint?: Elsewhere;
  /** What an API asks for, for `step-up-needed`. */
  stepUp?: StepUp;
}

/** Options of a login that brings what an API asks for; nothing, when the user shall not be asked. */
export type StepUpAnswer = LoginOptions | PopupLoginOptions | false | null | undefined;

/** What an API asks of the user before it answers (RFC 9470): outside text, checked for its form. */
export interface StepUp {
  /** Of the request that it refused. */
  readonly url: string;
  /** Ways of authentication (`acr`) of which one will do; empty for any. */
  readonly acrValues: readonly string[];
  /** How many seconds ago the user may have authenticated; `null` for any time. */
  readonly maxAge: number | null;
  /** The scope a login would ask for, when the API wants more than was granted. */
  readonly scope: string | null;
}

/** A listener of {@link AuthClient.on}. */
export type AuthListener = (event: AuthEvent) => void;

// `await using` needs the method in the type, but only where the compiler's lib knows the symbol.
type AsyncDispose = typeof Symbol extends { readonly asyncDispose: infer Key extends symbol } ? Key : never;
type AsyncDisposal = { [Key in AsyncDispose]: () => Promise<void> };

/**
 * The client of one server. Its methods need no `this`: they can be taken out and passed around. Every promise
 * settles, and rejects with an {@link AuthError}, with a vault that is lost `vault_unavailable`; after {@link AuthClient.dispose} always with `client_disposed`, and should the
 * engine fail, always with `engine_failed`.
 */
export interface AuthClient extends AsyncDisposal {
  /** The session as it is now: a frozen snapshot. */
  readonly session: Session;

  /**
   * Sends the browser to the server's login page (authorization code with PKCE, RFC 7636). The promise does
   * not resolve: the page is left. It rejects with `aborted` when the user comes back with the Back button to
   * a page the browser had kept. Called twice at once with equal options, the browser is sent once.
   *
   * Rejects with `network_failed`, `timed_out`, `server_unavailable`, `issuer_mismatch`, `metadata_invalid`,
   * `endpoint_missing`, `pkce_unsupported`, `storage_unavailable`, `option_unknown`, `option_invalid`, `aborted`.
   */
  login(options?: LoginOptions): Promise<never>;

  /**
   * Logs in in a popup, which is opened at once: call it in the handler of a click, before anything is awaited. Resolves
   * when the user is signed in. The popup is closed at the end, whatever it is; one that the user closes is not noticed,
   * because a server that isolates its pages (Cross-Origin-Opener-Policy) makes every popup look closed: offer a button
   * that aborts. A second popup aborts the first. The page at `redirectUri` must be of this origin, and call
   * `createClient`, or `relay` of `tokenward/callback`.
   *
   * Rejects with `popup_blocked`, `aborted`, `login_timed_out`; with what the server refused
   * (`authorization_refused`); and as {@link AuthClient.handleRedirect} does.
   */
  login(options: PopupLoginOptions): Promise<Session>;

  /**
   * Asks the server whether it knows the user without asking the user (`prompt=none`, OIDC Core 3.1.2.1). `null` when
   * it must ask: then the session stays as it was. In a frame this needs a server whose cookies are not third-party ones there:
   * one of the same site, or a browser that still sends them. Called twice at once, it asks once.
   *
   * With `mode: 'redirect'` the promise does not resolve, because the page is left. When it comes back without a session,
   * that is no error either: `createClient` gives a client that is signed out.
   *
   * Rejects with `login_timed_out` when nothing comes back, as when the server forbids frames; with `aborted`, and
   * as {@link AuthClient.login} and {@link AuthClient.handleRedirect} do. None of it is in `session.lastError`.
   */
  loginSilently(options?: SilentLoginOptions): Promise<Session | null>;

  /**
   * Logs in by another device, for a screen that has no keyboard worth the name (RFC 8628): `onCode` shows a code, the
   * user enters it elsewhere, and the promise resolves with the session. One at a time: a second one aborts the first,
   * in a shared vault also that of another tab. A session that was there stays until the new one begins.
   *
   * Rejects with `device_denied`, `device_expired`, `aborted`, `endpoint_missing`, `authorization_refused`,
   * `response_invalid`, and as {@link AuthClient.handleRedirect} does. A network that fails rejects only before there is
   * a code; after that it is asked again as long as the code lives.
   */
  loginWithDevice(options: DeviceLoginOptions): Promise<Session>;

  /**
   * Finishes a login by hand, for `handleRedirect: false`. `null` when the URL (default: the page's) is not the
   * answer to a login, or one that another client of the page has begun. The URL is cleaned; going to `returnTo` is up to the app. Called twice at once for one
   * URL, the code is redeemed once and both get the result.
   *
   * Rejects when the answer is refused: with an error of phase `callback` (RFC 6749 4.1.2, RFC 9207), `token`
   * (RFC 6749 5) or `verification` (OIDC Core 3.1.3.7), or one of the network. A session that was there stays.
   */
  handleRedirect(url?: string | URL): Promise<RedirectResult | null>;

  /**
   * The access token, valid for at least `minValidity` seconds. Mostly the one at hand, at the cost of an empty
   * async function; else a refresh is awaited, one however many callers (RFC 6749 6).
   *
   * Rejects with `login_required`, `session_ended`, `session_expired`, `scope_not_granted`, `resource_not_granted`,
   * `token_hidden`, `aborted`, or an error of the
   * network that is `retryable`; none of those of the network ends the session.
   */
  getToken(options?: GetTokenOptions): Promise<string>;

  /**
   * Fetch with the access token in `Authorization` (RFC 6750 2.1), to the configured `apis` only. A 401 is
   * answered with one refresh and one retry; if no new token can be had, or it is refused too, the 401 is the
   * result. The body is sent again for the retry, except for a `ReadableStream`, which can be read only once:
   * then the 401 is the result, and the next call has a new token.
   *
   * A redirect is not followed (`api_redirected`), for a browser may carry the token along to wherever it leads.
   * With a token that is bound to a key (option `dpop`), each request carries a proof of its own, and one that the API
   * refuses for want of its nonce is sent again with it.
   *
   * `Authorization` and `DPoP` headers of the caller are replaced or removed; everything else is as in fetch.
   *
   * Rejects with `api_not_allowed` before anything is sent or a token is asked for; with what
   * {@link AuthClient.getToken} rejects with when there is no token; and as fetch does, with a `TypeError` of
   * the network or the reason of the caller's signal.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;

  /**
   * What a request by another transport is sent with: a live token and, when it is bound to a key, a proof (RFC 9449 7).
   * Each request needs a proof of its own, each retry too. The token goes wherever you send it: {@link ClientOptions.apis}
   * is not asked.
   *
   * Rejects with what {@link AuthClient.getToken} rejects with, with `dpop_key_lost`, or with `token_hidden`.
   */
  proof(request: ProofRequest): Promise<ProofHeaders>;

  /** Calls `listener` after every change of {@link AuthClient.session}. Returns what stops it. */
  subscribe(listener: (session: Session) => void): () => void;

  /**
   * Calls `listener` at an event. Returns what stops it.
   *
   * - `signed-in`: a login was finished.
   * - `renewed`: there is a new access token.
   * - `renewal-failed`: a renewal failed; unless `session-expired` follows, it will be tried again.
   * - `signed-out`: by {@link AuthClient.logout} or {@link AuthClient.revoke}.
   * - `session-expired`: the session is over without the user's doing; a new login is needed.
   * - `elsewhere`: in another tab that has a session of its own, somebody `signed-in` or `signed-out`, or is signed in as
   *   `other-user` than here ({@link AuthEvent.hint}). Only a hint, which any script of the origin can forge: this session
   *   stays as it is. Not told where all tabs share one session. Or the server said that its user logs out
   *   (`frontchannel-logout`), which is looked into everywhere.
   * - `monitoring-ended`: with the option `monitorSession`, the server cannot be asked from here who is signed in there; the
   *   session stays.
   * - `step-up-needed`: an API answered {@link AuthClient.fetch} that the user must authenticate in another way
   *   ({@link AuthEvent.stepUp}). Told with the option `onStepUp` only, before its function is asked.
   */
  on(type: EventType, listener: AuthListener): () => void;

  /**
   * Asks the server for the user's claims (OIDC Core 5.3).
   *
   * An answer that is signed is verified as an ID token is (OIDC Core 5.3.2).
   *
   * Rejects with `endpoint_missing`, `userinfo_refused`, `userinfo_subject`, `userinfo_unverified`, `keys_unavailable`, or
   * what {@link AuthClient.getToken} rejects with.
   */
  userinfo(): Promise<Claims>;

  /**
   * Exchanges a token for another one (RFC 8693), by default the access token of the session, which stays where it is.
   * The session is not touched, whatever the answer. Where its tokens are bound to a key (option `dpop`), that key proves
   * this request too.
   *
   * Rejects with `token_refused`, `token_response_invalid`, `token_type_unsupported`, `client_secret_required`,
   * `login_required`, `token_hidden`, `dpop_downgraded`, `dpop_key_lost`, or an error of the network; it is not asked again
   * by itself.
   */
  exchangeToken(options?: ExchangeOptions): Promise<ExchangedToken>;

  /**
   * Ends the session: here at once, whatever happens on the network; then at the server, by sending the browser
   * to its logout page if it has one (OIDC RP-Initiated Logout 2). The promise resolves only when the page is
   * not left.
   */
  logout(options?: LogoutOptions): Promise<void>;

  /**
   * Revokes the tokens at the server (RFC 7009) and ends the session here; the page is not left, and the server's own
   * session stays. Rejects with `login_required` when nobody is signed in, and with `endpoint_missing` or an error of the
   * network when the server could not be told; the session here is over all the same.
   */
  revoke(): Promise<void>;

  /**
   * Drops tokens, timers and listeners without telling the server. Calls that are pending and later ones
   * reject with `client_disposed`; listeners hear nothing more.
   */
  dispose(): Promise<void>;
}
