import { EMPTY, IDS } from '../libraries.mjs';

export const PEERS_TOKEN =
  'oidc-client-ts: getUser(), from session storage, its default, and signinSilent() once it is expired. keycloak-js: updateToken(5), then its field.';

export default {
  id: 'live',
  title: 'getToken() with a live token, awaited in a loop',
  unit: 'M/s',
  digits: 3,
  reach: '6, and half of an empty async function',
  notes: [
    'empty: an async function that gives a string.',
    PEERS_TOKEN,
  ],
  libraries: [...IDS, EMPTY],
  rounds: { quick: 3, full: 10 },
  sample: async ({ stage }, library, { quick }) => {
    const rates = await stage.measure('live', { library, ms: quick ? 60 : 150, passes: 4 });
    return rates.map((rate) => rate / 1e6);
  },
};
