import { createAnnouncer } from './announcer.js';
import { asyncDisposable } from './async-dispose.js';
import { clientName } from './client-name.js';
import type { AskProof, Connect, Connection, Core, ErrorRecord, Host, Plain } from './core.js';
import type { Others } from './elsewhere.js';
import { failure, fromRecord, isAuthError, type AuthError } from './errors.js';
import { loaded } from './loaded.js';
import { leave, showUrl } from './navigation.js';
import { createOnce } from './once.js';
import { createOperations } from './operations.js';
import { loginArguments, plain, provided, take, withSignal } from './options.js';
import { isOfAnother } from './pending.js';
import { createSnapshots, signedOut, type Claims, type Session } from './session.js';
import { createTokenAtHand } from './token.js';
import type { AuthClient, ClientOptions, GetTokenOptions, LoginOptions, PopupLoginOptions, ProofHeaders, RedirectResult } from './types.js';

// React's StrictMode and hot reload ask twice, and a callback can be redeemed only once.
const clients = /*#__PURE__*/ createOnce<AuthClient>();

/** Options that are no data. */
const ASIDE = ['vault', 'onStepUp'];

/** Makes the client, or gives the one that lives for equal options. */
export const open = async (options: ClientOptions, connect: Connect): Promise<AuthClient> => {
  if (typeof WebAssembly !== 'object' || !globalThis.crypto?.subtle || !globalThis.location?.assign) {
    throw failure('environment_unsupported');
  }
  const own = plain(options, ASIDE);
  // The app's own options go before those of the preset.
  const record = plain({ ...provided(take(own, 'provider')), ...own }, ASIDE);
  const vault = take(record, 'vault') ?? 'page';
  const onStepUp = take(record, 'onStepUp') as ClientOptions['onStepUp'];
  if (onStepUp !== undefined) {
    if (onStepUp !== 'event' && typeof onStepUp !== 'function') throw failure('option_invalid', 'onStepUp');
    // The lean one reads no challenges.
    record.engine = 'whole';
  }
  const way: Connect =
    vault === 'page'
      ? connect
      : async (...given) => (await loaded(import('./port.js'))).connectVault(vault, connect)(...given);
  return clients(typeof vault + JSON.stringify(record), (forget) => create(record, way, forget, onStepUp));
};

const create = async (
  options: Plain,
  connect: Connect,
  forget: () => void,
  onStepUp: ClientOptions['onStepUp'],
): Promise<AuthClient> => {
  // A popup or a frame of another page hands its URL over before anything is loaded, and closes.
  if (/[?&]state=tw\.[pf]\./.test(location.search)) await (await loaded(import('./callback.js'))).relay();
  // Read before anything is awaited: a router may replace the address meanwhile.
  const pageUrl = location.href;
  const automatic = take(options, 'handleRedirect') ?? true;
  if (typeof automatic !== 'boolean') throw failure('option_invalid', 'handleRedirect');
  const exposed = options.exposeAccessToken ?? true;
  if (typeof exposed !== 'boolean') throw failure('option_invalid', 'exposeAccessToken');

  let core: Core | undefined;
  let monitor: { close(): void } | undefined;
  let connection: Connection;
  let closed: AuthError | undefined;
  const announcer = createAnnouncer();
  const { session, change } = announcer;
  const monitoring = take(options, 'monitorSession') ?? false;
  const snapshot = createSnapshots();
  // What logins in popups and frames wait for; a logout ends them.
  let beside = new AbortController();
  const token = createTokenAtHand(typeof options.minValidity === 'number' ? options.minValidity : 10);

  const close = (error: AuthError) => {
    closed = error;
    forget();
    beside.abort(error);
    token.set(undefined, 0, NaN, 0, 0);
    operations.close(error);
  };

  const poison = (cause: unknown) => {
    if (closed) return;
    close(isAuthError(cause) ? cause : failure('engine_failed', undefined, { cause }));
    change(signedOut(closed ?? null, session().vault));
  };

  const operations = createOperations(() => core as Core, poison);
  const { call } = operations;

  // Where each tab has a session of its own, they tell each other of logins and logouts. A logout at the server is for all.
  let others: Promise<Others | undefined> | undefined;
  const meetOthers = () =>
    (others ??= import('./elsewhere.js').then(
      ({ createOthers }) =>
        createOthers(
          clientName(options),
          session,
          () => options.persistence !== 'sealed' && session().vault !== 'shared-worker',
          (hint) => announcer.happen({ type: 'elsewhere', session: session(), error: null, hint }),
          () => void call('getToken', { fresh: true }).catch(() => {}),
        ),
      () => (others = undefined),
    ));

  let handling: string | undefined;
  const host: Host = {
    settle: operations.settle,
    code: operations.show,
    session: (record) => {
      if (closed) return;
      change(snapshot(record, session()));
      if (record.claims) void meetOthers();
    },
    token: (...given) => closed || token.set(...given),
    event: (type, detail) => {
      if (closed) return;
      announcer.happen({ type, session: session(), error: detail ? fromRecord(detail) : null });
      if (type === 'signed-in' || type === 'signed-out') void meetOthers().then((others) => others?.tell(type));
    },
    // An answer that came from elsewhere is no reason to touch the page's address.
    cleanUrl: (url) => handling === location.href && showUrl(url),
    poison,
  };

  try {
    if (monitoring) {
      // The lean one cannot check who is signed in.
      options.engine = 'whole';
      const { createMonitor } = await loaded(import('./monitor.js'));
      monitor = createMonitor(monitoring, announcer, call);
    }
    connection = await connect(options, { pageUrl }, host);
    core = connection.core;
  } catch (cause) {
    if (closed || isAuthError(cause)) throw closed ?? cause;
    const described = typeof cause === 'object' && cause !== null && 'hint' in cause;
    throw described ? fromRecord(cause as ErrorRecord) : failure('engine_failed', undefined, { cause });
  }

  change(Object.freeze({ ...session(), vault: connection.kind }));

  const liveToken = (args?: Plain, signal?: AbortSignal) => {
    const live = args ? undefined : token.live();
    return live === undefined ? call('getToken', args, signal) : { token: live, serial: token.serial() };
  };

  const askProof: AskProof = (args, signal) => call('proof', args, signal);

  const waitForToken = async (options: GetTokenOptions | undefined): Promise<string> => {
    if (!exposed) throw failure('token_hidden');
    const { args, signal } = withSignal(options);
    const { minValidity, ...rest } = args;
    if (!signal?.aborted && Object.keys(rest).length === 0 && !(Number(minValidity) < 0)) {
      const live = token.live(minValidity as number | undefined);
      if (live !== undefined) return live;
    }
    return (await call('getToken', args, signal)).token;
  };

  const authorized = connection.fetch(liveToken, askProof);
  let stepping: Promise<AuthClient['fetch']> | undefined;
  /** `auth.fetch` with `onStepUp`. */
  const stepUp = (consent: NonNullable<typeof onStepUp>) =>
    (stepping ??= loaded(import('./step-up.js')).then(
      ({ steppingUp }) =>
        steppingUp({
          send: authorized,
          read: (challenge) => call('stepUp', { challenge }),
          login: (args) => client.login(args as LoginOptions),
          tell: (needed) =>
            announcer.happen({ type: 'step-up-needed', session: session(), error: null, stepUp: needed }),
          consent,
        }),
      (error: unknown) => {
        stepping = undefined;
        throw error;
      },
    ));

  const logInBeside = async (args: Plain, signal: AbortSignal | undefined): Promise<Session> => {
    const popup = window.open('', '_blank', 'popup,width=480,height=640');
    if (!popup) throw failure('popup_blocked');
    const { viaPopup } = await loaded(import('./beside.js')).catch((error: unknown) => {
      popup.close();
      throw error;
    });
    await viaPopup(popup, call, args, beside.signal, signal);
    return session();
  };

  const silentLogins = createOnce<Session | null>();
  const logins = createOnce<never>();
  let loggingOut: Promise<void> | undefined;
  const redirects = createOnce<RedirectResult | null>();

  const client: AuthClient = {
    get session() {
      return session();
    },

    login: (async (options?: LoginOptions | PopupLoginOptions) => {
      const { args, signal } = loginArguments(options);
      const mode = take(args, 'mode') ?? 'redirect';
      if (mode === 'popup') return logInBeside(args, signal);
      if (mode !== 'redirect') throw failure('option_invalid', 'login.mode');
      // Forgotten when the browser is sent: a navigation the user stopped must not block the next attempt.
      const send = async (forget?: () => void) => {
        // A guard that sees the user signed out must not turn the browser round on its way to the logout page.
        await loggingOut?.catch(() => {});
        const { url } = await call('login', args, signal).finally(forget);
        await leave(url);
        throw failure('aborted');
      };
      return signal ? send() : logins(JSON.stringify(args), send);
    }) as AuthClient['login'],

    loginSilently: async (options) => {
      const { args, signal } = loginArguments(options);
      args.prompt = 'none';
      const mode = take(args, 'mode') ?? 'frame';
      if (mode === 'redirect') return client.login({ ...args, via: 'quiet', ...(signal && { signal }) } as LoginOptions);
      if (mode !== 'frame') throw failure('option_invalid', 'login.mode');
      const ask = async (forget?: () => void) => {
        try {
          const { viaFrame } = await loaded(import('./beside.js'));
          return (await viaFrame(call, args, beside.signal, signal)) ? session() : null;
        } finally {
          forget?.();
        }
      };
      return signal ? ask() : silentLogins(JSON.stringify(args), ask);
    },

    loginWithDevice: async (options) => {
      await (await loaded(import('./device.js'))).withDevice(call, options);
      return session();
    },

    handleRedirect: async (url) => {
      // Whoever is first has cleaned the page's address already: a call without a URL means the same answer.
      const target = String(url ?? handling ?? location.href);
      if (isOfAnother(target, options)) return null;
      return redirects(target, async (forget) => {
        handling = target;
        const result = await call('handleRedirect', { url: target }).finally(() => {
          handling = undefined;
          forget();
        });
        return result && { session: session(), returnTo: result.returnTo };
      });
    },

    getToken: async (options) => (options || !exposed ? undefined : token.live()) ?? waitForToken(options),

    fetch: onStepUp ? async (...given) => (await stepUp(onStepUp))(...given) : authorized,

    proof: async (request) => {
      if (!exposed) throw failure('token_hidden');
      const { url: to, nonce, token: own, method = 'GET' } = request;
      const url = String(to);
      if (typeof method !== 'string') throw failure('option_invalid', 'proof.method');
      if (!URL.canParse(url)) throw failure('option_invalid', 'proof.url');
      const ask: AskProof = (args, signal) => askProof({ ...args, nonce, token: own }, signal);
      const { authorization, dpop } = connection.present
        ? (await connection.present(own === undefined ? liveToken : () => ({ token: own, serial: 0 }), ask)({ method, url }))!
        : ((await call('proof', { method, url, nonce, token: own })) as unknown as ProofHeaders);
      return dpop ? { authorization, dpop } : { authorization };
    },

    subscribe: announcer.subscribe,

    on: (type, listener) => {
      if (type === 'elsewhere') void meetOthers();
      return announcer.on(type, listener);
    },

    userinfo: () => call('userinfo') as Promise<Claims>,

    exchangeToken: async (options) => {
      if (!exposed) throw failure('token_hidden');
      const { args, signal } = loginArguments(options);
      return call('exchangeToken', args, signal);
    },

    logout: async (options) => {
      const args = plain(options);
      beside.abort();
      beside = new AbortController();
      loggingOut = (async () => {
        const url = (await call('logout', args))?.url;
        if (url) await leave(url);
      })();
      return loggingOut;
    },

    revoke: () => call('revoke'),

    dispose: async () => {
      if (closed?.code !== 'client_disposed') {
        const failed = closed;
        close(failure('client_disposed'));
        announcer.silence();
        monitor?.close();
        void others?.then((others) => others?.close());
        // A failed engine must not be entered again.
        if (!failed) core.dispose();
      }
    },
  };

  asyncDisposable(client);

  if (automatic) {
    try {
      const result = await client.handleRedirect(pageUrl);
      if (result?.returnTo) showUrl(result.returnTo);
    } catch (error) {
      if (closed) throw closed;
      change(Object.freeze({ ...session(), lastError: error as AuthError }));
    }
  }
  return client;
};
