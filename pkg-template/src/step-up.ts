// What becomes of a request that an API refuses until the user has authenticated in another way (RFC 9470). A page loads
// this only with the option `onStepUp`.

import type { Calls, Plain } from './core.js';
import { createOnce } from './once.js';
import type { AuthClient, ClientOptions, StepUp } from './types.js';

interface Means {
  send: AuthClient['fetch'];
  /** What a challenge asks for, in the engine's words. */
  read(challenge: string): Promise<Calls['stepUp']>;
  login(args: Plain): Promise<unknown>;
  tell(needed: StepUp): void;
  consent: Exclude<ClientOptions['onStepUp'], undefined>;
}

/** Makes an `auth.fetch` that steps up. */
export type SteppingUp = (means: Means) => AuthClient['fetch'];

/** `auth.fetch` with at most one step-up for each call. */
export const steppingUp: SteppingUp = ({ send, read, login, tell, consent }) => {
  // However many requests wait, the user is asked once.
  const logins = createOnce<boolean>();

  return async (input, init) => {
    const again = input instanceof Request ? input.clone() : input;
    const response = await send(input, init);
    const challenge = response.status === 401 ? response.headers.get('www-authenticate') : null;
    // The API's own words say more than why they cannot be read.
    const found = challenge ? await read(challenge).catch(() => undefined) : undefined;
    if (!found) return response;
    const { maxAge, scope, met } = found;
    const acrValues = Object.freeze(found.acrValues.split(' ').filter(Boolean));
    const needed: StepUp = Object.freeze({ url: response.url, acrValues, maxAge, scope });
    tell(needed);
    // The last login brought what is asked for: another would bring the same, for ever.
    if (met || typeof consent !== 'function') return response;

    const done = await logins(JSON.stringify(found), async (forget) => {
      try {
        const options = await consent(needed);
        if (!options) return false;
        const wanted = { ...options, ...(acrValues.length && { requiredAcr: acrValues }) } as Plain;
        if (maxAge !== null) wanted.maxAge = maxAge;
        if (scope !== null) wanted.scope = scope;
        await login(wanted);
        return true;
      } finally {
        forget();
      }
    });
    // A stream can be read only once.
    if (!done || init?.body instanceof ReadableStream) return response;
    response.body?.cancel().catch(() => {});
    return send(again, init);
  };
};
