// Popups and frames come back to a page of our own origin, which says its URL on this channel. The window itself is
// not asked: a provider that isolates its pages (COOP) makes it look closed.

import { failure, isAuthError } from './errors.js';
import { CHANNEL, type RelayMessage } from './relay-channel.js';

/** Nothing a server sends in a URL is longer. */
const MOST = 1 << 18;

/** The state of a URL that is a text of a sensible length and of our origin. */
const stateOf = (url: unknown): string | null => {
  try {
    if (typeof url !== 'string' || url.length > MOST) return null;
    const { origin, searchParams } = new URL(url);
    return origin === location.origin ? searchParams.get('state') : null;
  } catch {
    return null;
  }
};

/**
 * The URL that answers the login sent to `authorizationUrl`. Whatever else is said on the channel is for somebody
 * else, or forged. Listens from the moment it is called. Rejects with `login_timed_out` and `aborted`.
 */
export const answerTo = (authorizationUrl: string, seconds: number, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const state = new URL(authorizationUrl).searchParams.get('state');
    const channel = new BroadcastChannel(CHANNEL);
    const end = () => {
      channel.close();
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    };
    const abort = () => {
      end();
      const cause: unknown = signal.reason;
      reject(isAuthError(cause) ? cause : failure('aborted', undefined, { cause }));
    };
    const timer = setTimeout(() => {
      end();
      reject(failure('login_timed_out'));
    }, seconds * 1000);
    channel.onmessage = ({ data }: MessageEvent<Partial<RelayMessage> | null>) => {
      const { tokenward, url } = data ?? {};
      if (tokenward !== 1 || !state || stateOf(url) !== state) return;
      channel.postMessage({ tokenward: 1, taken: state } satisfies RelayMessage);
      end();
      resolve(url as string);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
