import type { Allowed } from './apis.js';
import type { Pass, Presenter, TokenSource } from './core.js';
import { failure, type AuthError } from './errors.js';

/** Requests with Bearer tokens: one more with another token after a 401. */
export const bearer =
  (token: TokenSource): Presenter =>
  async ({ signal }, sent, response, last) => {
    if (response && (response.status !== 401 || last || (sent?.terms as Terms).again)) return undefined;
    const { token: value, serial } = await token(sent && { rejected: (sent.terms as Terms).serial }, signal);
    return { authorization: `Bearer ${value}`, terms: { serial, again: !!sent } satisfies Terms };
  };

interface Terms {
  serial: number;
  again: boolean;
}

/** Fetch with the token. */
export const createFetch =
  (allowed: Allowed, present: Presenter) =>
  async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    // Built once and judged by itself: what was checked is what is sent, whatever `input` is.
    const asked = new Request(input, init);
    if (!allowed(asked.method, asked.url)) throw failure('api_not_allowed', new URL(asked.url).origin);
    const { signal, referrer, referrerPolicy } = asked;
    const redirect = asked.redirect === 'error' ? 'error' : 'manual';
    // Passing any init resets the referrer.
    const request = new Request(asked, { redirect, referrer, referrerPolicy });
    // A stream can be read only once.
    const last = init?.body instanceof ReadableStream;
    let pass: Pass | undefined;
    let response: Response | undefined;

    for (;;) {
      // RFC 9470 6.1: a new token says nothing new about the user.
      const stepUp = response?.headers.get('www-authenticate')?.includes('insufficient_user_authentication');
      try {
        pass = await present(asked, pass, response, last || stepUp);
      } catch (error) {
        // As fetch does.
        signal.throwIfAborted();
        // The API's own words say more than ours; why there is no other token is in the session.
        if (!response || (error as AuthError).code?.startsWith('dpop')) throw error;
        return response;
      }
      if (!pass) return response!;
      response?.body?.cancel().catch(() => {});

      const sent = last ? request : request.clone();
      sent.headers.set('authorization', pass.authorization);
      if (pass.dpop) sent.headers.set('dpop', pass.dpop);
      else sent.headers.delete('dpop');
      response = await fetch(sent);
      if (response.type === 'opaqueredirect') throw failure('api_redirected');
    }
  };
