// How faults are put together.

/** Only in the answer to a login. */
export const atLogin = (fault) => ({ ...fault, grant: 'authorization_code' });

/** Only in answers to refreshes. */
export const atRefresh = (fault) => ({ ...fault, grant: 'refresh_token' });

/** The next request only; then honest again. */
export const once = (fault) => times(1, fault);

export const times = (count, fault) => ({ ...fault, times: count });

/** Text that nobody but a server wrote: it may not come back in any text of a client. */
export const MARK = 'EVILMARK';
