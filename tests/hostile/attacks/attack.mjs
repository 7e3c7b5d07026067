/**
 * @typedef {object} Attack one variant of one row of the hostile-server table
 * @property {string} id the row
 * @property {string} what the variant, in few words
 * @property {'login' | 'refresh'} at when the faults meet the client
 * @property {() => object[]} faults what the server does
 * @property {'accept' | 'refuse' | 'keep' | 'end'} must for a login: a session, or none. For a refresh: a renewed
 *   session ('accept'), the session as it was ('keep'; the call may fail), or none ('end')
 * @property {string} [code] the code of our refusal; peers have none
 * @property {object} [options] options of our client
 * @property {object} [login] options of our login
 * @property {string[]} [fine] what a peer may do as well, because the standards leave it open
 * @property {string} [ours] why only our client can run it
 */

const attack = (at, must) => (id, what, faults, rest = {}) => ({
  id,
  what,
  at,
  must,
  faults: () => [typeof faults === 'function' ? faults() : faults].flat(),
  ...(typeof rest === 'string' ? { code: rest } : rest),
});

export const refuse = attack('login', 'refuse');
export const accept = attack('login', 'accept');
export const renews = attack('refresh', 'accept');
export const keeps = attack('refresh', 'keep');
export const ends = attack('refresh', 'end');
