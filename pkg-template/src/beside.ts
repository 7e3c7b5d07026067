// Logins that do not leave the page: in a popup, in a hidden frame.

import type { Plain } from './core.js';
import { failure, isAuthError } from './errors.js';
import type { Operations } from './operations.js';
import { take } from './options.js';
import { answerTo } from './relay.js';

/** Seconds the user has in a popup, and a server in a frame. */
const POPUP_LIMIT = 300;
const FRAME_LIMIT = 10;

/** More seconds than a timer can count. */
const MOST_SECONDS = 2_000_000;

/** The popup that is open. A second one is a second try: the first is behind the page, or closed. */
let current: AbortController | undefined;

/** Begins a login, shows its page and waits for the answer, which is redeemed like any other. */
const login = async (
  call: Operations['call'],
  args: Plain,
  usual: number,
  show: (url: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  if (typeof BroadcastChannel !== 'function') throw failure('environment_unsupported');
  const seconds = take(args, 'timeout') ?? usual;
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds < MOST_SECONDS)) throw failure('option_invalid', 'login.timeout');
  const { url } = await call('login', args, signal);
  const answer = answerTo(url, seconds, signal);
  show(url);
  await call('handleRedirect', { url: await answer });
};

/** Aborted with any of these. */
const either = (signals: (AbortSignal | undefined)[]): AbortController => {
  const own = new AbortController();
  for (const signal of signals) {
    if (signal?.aborted) own.abort(signal.reason);
    signal?.addEventListener('abort', () => own.abort(signal.reason), { signal: own.signal });
  }
  return own;
};

/** In a window that was opened before anything was awaited: browsers allow it only then. */
export const viaPopup = async (
  popup: Window,
  call: Operations['call'],
  args: Plain,
  ...signals: (AbortSignal | undefined)[]
): Promise<void> => {
  current?.abort();
  const own = (current = either(signals));
  try {
    await login(call, { ...args, via: 'popup' }, POPUP_LIMIT, (url) => popup.location.replace(url), own.signal);
  } finally {
    own.abort();
    popup.close();
  }
};

/** Whether the server signed the user in without a question. */
export const viaFrame = async (
  call: Operations['call'],
  args: Plain,
  ...signals: (AbortSignal | undefined)[]
): Promise<boolean> => {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  // The server's page has no business with this one.
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin allow-forms');
  const own = either(signals);
  const show = (url: string) => {
    frame.src = url;
    document.body.append(frame);
  };
  try {
    await login(call, { via: 'frame', ...args }, FRAME_LIMIT, show, own.signal);
    return true;
  } catch (error) {
    if (isAuthError(error) && error.code === 'interaction_required') return false;
    throw error;
  } finally {
    own.abort();
    frame.remove();
  }
};
