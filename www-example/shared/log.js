// Listens to a client and keeps what a person wants to see of it: a timeline, the number of rotations, the end of
// the token. An external store (`get`, `subscribe`) with snapshots that never change, so that React, Vue and plain
// code can all show it.

import { tail } from './words.js';

const KEPT = 60;

/** Whether this page is the answer to a login; asked before the client cleans the address. */
export const comesBack = () => new URLSearchParams(location.search).has('state');

/**
 * @param {import('tokenward').AuthClient} auth
 * @param {boolean} cameBack whether this page was the answer to a login
 */
export function createLog(auth, cameBack) {
  let state = { entries: [], rotations: 0, token: '' };
  let serial = 0;
  const listeners = new Set();

  const set = (change) => {
    state = { ...state, ...change };
    for (const listener of [...listeners]) listener(state);
  };

  /** Adds a line. `tone`: '', 'good', 'warn' or 'bad'. */
  const add = (kind, title, detail = '', tone = '') => {
    serial += 1;
    const entry = { id: serial, at: new Date(), kind, title, detail, tone };
    set({ entries: [entry, ...state.entries].slice(0, KEPT) });
  };

  const showToken = async () => {
    try {
      set({ token: tail(await auth.getToken()) });
    } catch {
      set({ token: '' });
    }
  };

  const signedIn = () => {
    if (state.entries[0]?.kind === 'signed-in') return;
    add('signed-in', 'Signed in', 'Code redeemed with PKCE, ID token verified.', 'good');
    showToken();
  };

  const found = () => {
    add('found', 'Still signed in', 'The session was there already: nobody was asked, no page was left.', 'good');
    showToken();
  };

  const seconds = ({ expiresAt }) => (expiresAt === null ? '' : `, valid for ${Math.round((expiresAt - Date.now()) / 1000)} s`);

  let renewal = auth.session.renewal;
  const stops = [
    auth.on('signed-in', signedIn),
    auth.on('renewed', async ({ session }) => {
      set({ rotations: state.rotations + 1 });
      await showToken();
      add('renewed', 'Rotated', `New token ${state.token}${seconds(session)}. The old refresh token is spent.`, 'good');
    }),
    auth.on('renewal-failed', ({ error, session }) => {
      if (session.renewal === 'ended') return;
      add('renewal-failed', 'Renewal failed', `${error?.code ?? 'unknown'}. It will be tried again; the session stays.`, 'warn');
    }),
    auth.on('session-expired', ({ error }) => {
      set({ token: '' });
      add('session-expired', 'Session over', `${error?.code ?? 'expired'}. ${error?.hint ?? 'Sign in again.'}`, 'bad');
    }),
    auth.on('signed-out', () => {
      set({ token: '' });
      add('signed-out', 'Signed out', 'Tokens dropped here and revoked at the server.');
    }),
    auth.subscribe((session) => {
      if (session.renewal === renewal) return;
      const before = renewal;
      renewal = session.renewal;
      if (renewal === 'waiting-for-network') {
        add('waiting', 'Waiting for the network', 'The session is kept; rotation goes on when the server is back.', 'warn');
      } else if (before === 'waiting-for-network' && renewal === 'live') {
        add('back', 'The server is back', 'Nothing was lost.', 'good');
      }
    }),
  ];

  const { status, lastError } = auth.session;
  if (status === 'signed-in' || status === 'refreshing') (cameBack ? signedIn : found)();
  else if (lastError) add('refused', 'Login refused', `${lastError.code}. ${lastError.hint}`, 'bad');
  else add('ready', 'Ready', 'Nobody is signed in.');

  return {
    get: () => state,
    add,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => stops.forEach((stop) => stop()),
  };
}
