// What the buttons do. Each call returns a short text for the page and writes a line into the log.

import { press, tokenRequests } from './demo.js';
import { milliseconds, tail } from './words.js';

/**
 * @param {import('tokenward').AuthClient} auth
 * @param {ReturnType<import('./log.js').createLog>} log
 * @param {{ apiUrl: string }} config
 */
export function createActions(auth, log, { apiUrl }) {
  /** Runs one action; an error becomes a line, too. */
  const attempt = (kind, title, action, tone = 'good') => async () => {
    try {
      const text = await action();
      log.add(kind, title, text, tone);
      return text;
    } catch (error) {
      const text = error.code ? `${error.code}. ${error.hint}` : String(error.message ?? error);
      log.add(kind, `${title}: failed`, text, 'bad');
      return text;
    }
  };

  return {
    getToken: attempt('get-token', 'getToken()', async () => {
      const begun = performance.now();
      const token = await auth.getToken();
      return `${tail(token)} in ${milliseconds(performance.now() - begun)}.`;
    }),

    getTokens: attempt('get-token-many', '1,000 callers', async () => {
      const before = await tokenRequests('refresh_token');
      const tokens = await Promise.all(Array.from({ length: 1000 }, () => auth.getToken({ fresh: true })));
      const requests = (await tokenRequests('refresh_token')) - before;
      const distinct = new Set(tokens).size;
      return `${distinct} new token${distinct === 1 ? '' : 's'} for all, ${requests} request${requests === 1 ? '' : 's'} at the server.`;
    }),

    callApi: attempt('call-api', 'API call', async () => {
      const response = await auth.fetch(`${apiUrl}/me`);
      const body = await response.json();
      if (!response.ok) throw new Error(`${response.status} ${body.error}`);
      return `${response.status}: hello ${body.sub}, your token lives ${body.expiresIn} s more.`;
    }),

    expire: attempt('expire', 'The server forgot this login', async () => {
      await press('forget', { sub: auth.session.claims?.sub });
      return 'The next rotation or API call finds out.';
    }, 'warn'),

    outage: attempt('outage', 'The provider is down', async () => {
      const { seconds } = await press('outage', { seconds: 20 });
      return `Every connection to it breaks for ${seconds} s.`;
    }, 'warn'),

    lifetime: (value) => attempt('lifetime', 'Token lifetime changed', async () => {
      const { seconds } = await press('lifetime', { seconds: Number(value) });
      return `Tokens issued from now on live ${seconds} s.`;
    }, '')(),
  };
}
