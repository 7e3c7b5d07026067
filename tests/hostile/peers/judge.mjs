// Whether what a library did is what the table asks for. To end a session and to keep the old one are both refusals.

import { ATTACKS } from '../attacks/all.mjs';

const REPLAY = { id: 'A03', what: 'the callback is opened again', at: 'replay', must: 'refuse', faults: () => [] };

/** All attacks, those that only peers meet as data among them. */
export const PEER_ATTACKS = [REPLAY, ...ATTACKS].sort((a, b) => a.id.localeCompare(b.id));

const WANTED = {
  'login accept': ['accepts'],
  'login refuse': ['refuses'],
  'replay refuse': ['refuses'],
  'refresh accept': ['uses the answer'],
  'refresh keep': ['refuses, keeps what it had', 'uses the answer'],
  'refresh end': ['refuses, ends the session', 'refuses, keeps what it had'],
};

/** The words of a result that could not be had. */
export const NOT_RUN = 'cannot run';

/** `undefined` for what could not run. */
export function isGood({ at, must, fine = [] }, did) {
  return did === NOT_RUN ? undefined : [...WANTED[`${at} ${must}`], ...fine].includes(did);
}
