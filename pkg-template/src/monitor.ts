// Whether the user is signed in at the server still: asked now and then in a hidden frame, while somebody looks at
// the page. Loaded only where it is wanted.

import type { Announcer } from './announcer.js';
import { viaFrame } from './beside.js';
import { failure, isAuthError } from './errors.js';
import type { Operations } from './operations.js';
import type { Session } from './session.js';

/** Seconds between two checks: the usual, and what an app can choose. */
const INTERVAL = 300;
const LEAST = 10;
const MOST = 86_400;

/** Milliseconds until the first check, which finds out whether checks work here at all. */
const FIRST = 2000;

/** Least milliseconds between two checks, and most between two that fail, if that is not less than usual. */
const GAP = 30_000;
const LONGEST = 3_600_000;

/** How many answers in a row may say nothing: of a server that has never known the user here, and of one that has. */
const DOUBTS = 2;
const DOUBTS_OF_KNOWN = 5;

/** Codes that say as little as "interaction required" about who is signed in, however often one asks. */
const hopeless = (error: unknown): boolean =>
  !isAuthError(error) || !error.retryable || error.code === 'login_timed_out';

const intervalOf = (option: unknown): number => {
  const { interval = INTERVAL, ...rest } = option === true ? {} : Object(option);
  const known = option === true || (typeof option === 'object' && !Object.keys(rest).length);
  if (known && typeof interval === 'number' && interval >= LEAST && interval <= MOST) return interval * 1000;
  throw failure('option_invalid', 'monitorSession');
};

/** Waits until somebody looks at the page: after `most` milliseconds, or after `least` when the page is shown anew. */
const due = (least: number, most: number, over: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const begun = performance.now();
    let ripe = false;
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      removeEventListener('online', look);
      over.removeEventListener('abort', end);
      resolve();
    };
    const look = () => {
      const watched = document.visibilityState === 'visible' && navigator.onLine !== false;
      if (watched && (ripe || performance.now() - begun >= least)) end();
    };
    const timer = setTimeout(() => {
      ripe = true;
      look();
    }, most);
    document.addEventListener('visibilitychange', look);
    addEventListener('online', look);
    over.addEventListener('abort', end);
  });

const isAlive = ({ claims, renewal, status }: Session): boolean =>
  claims !== null && (renewal !== 'ended' || status === 'signed-in');

/** Watches the session of a client until it is closed. `option`: what the app says of it. */
export const createMonitor = (
  option: unknown,
  { session, subscribe, on, happen }: Announcer,
  call: Operations['call'],
): { close(): void } => {
  const interval = intervalOf(option);
  const gap = Math.min(GAP, interval);
  let current: AbortController | undefined;

  const giveUp = (cause: unknown) => {
    const error = failure('monitoring_unavailable', undefined, { cause });
    happen({ type: 'monitoring-ended', session: session(), error });
  };

  const watch = async (over: AbortSignal) => {
    let [least, most] = [FIRST, FIRST];
    let known = false;
    let failures = 0;
    let doubts = 0;
    for (;;) {
      await due(least, most * (0.9 + Math.random() / 5), over);
      if (over.aborted) return;
      let cause: unknown;
      // What is learned of the session, the engine does.
      const answered = await viaFrame(call, { via: 'check', prompt: 'none' }, over).catch((error: unknown) => {
        cause = error;
        return undefined;
      });
      if (over.aborted) return;
      if (answered) {
        known = true;
        failures = doubts = 0;
        [least, most] = [gap, interval];
        continue;
      }
      failures += 1;
      doubts += answered === false || hopeless(cause) ? 1 : 0;
      if (doubts >= (known ? DOUBTS_OF_KNOWN : DOUBTS)) return giveUp(cause);
      least = most = Math.min(interval * 2 ** (failures - 1), Math.max(interval, LONGEST));
    }
  };

  const stop = () => {
    current?.abort();
    current = undefined;
  };
  const begin = () => {
    stop();
    // In a frame that one of our own pages opened to ask, it would ask for ever.
    if (!isAlive(session()) || window.frameElement) return;
    current = new AbortController();
    void watch(current.signal);
  };
  subscribe((session) => {
    if (!isAlive(session)) stop();
    else if (!current) begin();
  });
  // Another session in the place of the one there was.
  on('signed-in', begin);
  return { close: stop };
};
