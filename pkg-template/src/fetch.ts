import type { Allowed } from './apis.js';
import type { Calls, TokenSource } from './core.js';
import { failure } from './errors.js';

type Token = Calls['getToken'];

/** Fetch with the token. `token` gives the live one, or another than the one an API refused. */
export const createFetch =
  (allowed: Allowed, token: TokenSource) =>
  async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    // Built once and judged by itself: what was checked is what is sent, whatever `input` is.
    const asked = new Request(input, init);
    if (!allowed(asked.method, asked.url)) throw failure('api_not_allowed', new URL(asked.url).origin);
    const { signal, referrer, referrerPolicy } = asked;
    const redirect = asked.redirect === 'error' ? 'error' : 'manual';
    // Passing any init resets the referrer.
    const first = new Request(asked, { redirect, referrer, referrerPolicy });
    const again = init?.body instanceof ReadableStream ? undefined : first.clone();

    const send = async (request: Request, accessToken: string): Promise<Response> => {
      request.headers.set('authorization', `Bearer ${accessToken}`);
      request.headers.delete('dpop');
      const response = await fetch(request);
      if (response.type === 'opaqueredirect') throw failure('api_redirected');
      return response;
    };

    const current = await orReason(token(undefined, signal), signal);
    const response = await send(first, current.token);
    if (response.status !== 401 || !again) return response;
    let renewed: Token;
    try {
      renewed = await token({ rejected: current.serial }, signal);
    } catch {
      // The API's own words say more than ours; why there is no other token is in the session.
      signal.throwIfAborted();
      return response;
    }
    response.body?.cancel().catch(() => {});
    return send(again, renewed.token);
  };

/** Waits as fetch does: an abort rejects with the signal's reason. */
const orReason = async <T>(result: T | Promise<T>, signal: AbortSignal): Promise<T> => {
  try {
    return await result;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
