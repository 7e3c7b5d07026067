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
    let request = new Request(asked, { redirect, referrer, referrerPolicy });
    // A stream can be read only once.
    const last = init?.body instanceof ReadableStream;

    const send = async ({ authorization, dpop }: Pass): Promise<Response> => {
      const { headers } = request;
      headers.set('authorization', authorization);
      if (dpop) headers.set('dpop', dpop);
      else headers.delete('dpop');
      const response = await fetch(request);
      if (response.type === 'opaqueredirect') throw failure('api_redirected');
      return response;
    };

    let pass = await orReason(present(asked), signal);
    for (;;) {
      const again = last ? request : request.clone();
      const response = await send(pass!);
      try {
        // RFC 9470 6.1: a new token says nothing new about the user.
        const stepUp = response.headers.get('www-authenticate')?.includes('insufficient_user_authentication');
        pass = await present(asked, pass, response, last || stepUp);
      } catch (error) {
        // The API's own words say more than ours; why there is no other token is in the session.
        signal.throwIfAborted();
        if ((error as AuthError).code?.startsWith('dpop')) throw error;
        return response;
      }
      if (!pass) return response;
      response.body?.cancel().catch(() => {});
      request = again;
    }
  };

/** Waits as fetch does: an abort rejects with the signal's reason. */
const orReason = async <T>(result: Promise<T>, signal: AbortSignal): Promise<T> => {
  try {
    return await result;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
