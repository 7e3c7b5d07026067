// ID tokens that say the wrong thing, well signed.

import { createHash } from 'node:crypto';
import { seconds } from '../honest.mjs';

/** Claims set, or with `undefined` taken away; functions get the right value and the exchange. */
export const claims = (changes) => ({
  kind: 'token',
  claims: (right, exchange) => {
    const given = typeof changes === 'function' ? changes(right, exchange) : changes;
    return Object.fromEntries(Object.entries({ ...right, ...given }).filter(([, value]) => value !== undefined));
  },
});

/** A payload as text, for what JSON.stringify would not write. */
export const payload = (change) => ({ kind: 'token', claims: (right) => change(JSON.stringify(right)) });

/** Times in seconds from now. */
export const at = (offsets) => claims(() => Object.fromEntries(Object.entries(offsets).map(([name, by]) => [name, seconds() + by])));

/** The hash of the access token, by this hash function. */
export const atHash = (hash, text) =>
  claims((_, { access }) => {
    const digest = createHash(hash).update(text ?? access).digest();
    return { at_hash: digest.subarray(0, digest.length / 2).toString('base64url') };
  });

/** The ID token that the first login got, again. */
export const replayed = () => {
  let first;
  return {
    kind: 'token',
    jws: (jws) => {
      first ??= jws;
      return first;
    },
  };
};

/** No ID token at all. */
export const noIdToken = () => ({ kind: 'token', jws: () => undefined });
