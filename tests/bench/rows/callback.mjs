const PEERS = 'keycloak-js: with the making of its client, which takes the answer by no other way. auth0-spa-js: without its worker.';
const FETCHED = 'Tokenward fetches the keys and verifies RS256; the others verify no signature.';
const CACHED = 'Tokenward has the keys already and verifies RS256; the others verify no signature.';

const row = (id, title, { reach, notes, rounds, ...args }) => ({
  id,
  title,
  unit: 'ms',
  digits: 3,
  reach,
  notes: [...notes, PEERS],
  rounds,
  sample: ({ stage }, library) => stage.measure('callback', { library, ...args }),
});

export const warm = row('callback', 'Callback to session, a new client each time, network mocked in the page', {
  reach: '0.5',
  notes: [FETCHED],
  rounds: { quick: 3, full: 12 },
  warmUp: 20,
  logins: 40,
  again: false,
});

export const again = row('callback-again', 'Callback to session, in a client that has done it before', {
  reach: '0.5',
  notes: [CACHED],
  rounds: { quick: 3, full: 12 },
  warmUp: 20,
  logins: 40,
  again: true,
});

export const first = row('callback-first', 'Callback to session, the first of a page', {
  notes: ['Nothing is warm: this is what a user waits for.', FETCHED],
  rounds: { quick: 5, full: 20 },
  warmUp: 0,
  logins: 1,
  again: false,
});
