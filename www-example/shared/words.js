// How values are written on the pages.

/** The end of a token. A whole one is never shown: whoever photographs the screen would have it. */
export const tail = (token) => `…${token.slice(-6)}`;

/** The time of day of a line in the timeline. */
export const timeOfDay = (date) => date.toLocaleTimeString('en-GB');

/** A duration a person can compare; browsers do not measure shorter ones than a tenth of a millisecond. */
export const milliseconds = (ms) => (ms <= 0.1 ? 'at most 0.1 ms' : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`);

/** Whole seconds until `moment`, never negative; null when there is nothing to wait for. */
export const secondsLeft = (moment, now = Date.now()) =>
  moment === null ? null : Math.max(0, Math.ceil((moment - now) / 1000));

/** What the countdown counts to: the next rotation, or the end of a token that will not be renewed. */
export const nextMoment = (session) => session?.renewsAt ?? session?.expiresAt ?? null;

/** How much of a life from `from` to `to` is left: 1 to 0. */
export const shareLeft = (from, to, now = Date.now()) =>
  to === null || to <= from ? 0 : Math.min(1, Math.max(0, (to - now) / (to - from)));

/** One or two letters for a round badge. */
export const initials = (name) =>
  name.split(/\s+/).map((word) => word[0]).filter(Boolean).slice(0, 2).join('').toUpperCase();

/** Words for a status. */
export const STATUS_WORDS = {
  loading: 'Loading…',
  failed: 'No client',
  'signed-out': 'Nobody is signed in',
  'signing-in': 'Signing in…',
  'signed-in': 'Signed in',
  refreshing: 'Rotating…',
  expired: 'Token expired',
};

/** Words for a renewal. */
export const RENEWAL_WORDS = {
  live: 'by itself',
  'waiting-for-network': 'waits for network',
  ended: 'none',
};

/** Claims that a person looks for, in order, with readable values. */
export function claimRows(claims) {
  const { iat, exp, auth_time: authTime, nonce, ...rest } = claims;
  const rows = Object.entries(rest).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
  for (const [name, value] of Object.entries({ iat, exp })) {
    if (typeof value === 'number') rows.push([name, timeOfDay(new Date(value * 1000))]);
  }
  return rows;
}
