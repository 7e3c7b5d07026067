// Authorization responses that are not what was asked for.

import { grantFor } from '../honest.mjs';

const response = (change) => ({
  kind: 'authorize',
  answer: (answer, exchange) => ({ ...answer, redirect: { ...answer.redirect, ...change(answer.redirect, exchange) } }),
});

const without = (params, ...names) => params.filter(([name]) => !names.includes(name));

/** Parameters set, or with `undefined` taken away. */
export const parameters = (changes) =>
  response(({ params }) => ({
    params: [
      ...without(params, ...Object.keys(changes)),
      ...Object.entries(changes).filter(([, value]) => value !== undefined),
    ],
  }));

/** More of them, also a second time, also as text that no encoder would write. */
export const also = (...pairs) => response(({ params }) => ({ params: [...params, ...pairs] }));

export const inFragment = () => response(() => ({ mode: 'fragment' }));

/** An error in the place of the code. */
export const error = (name, more = {}) => parameters({ code: undefined, error: name, ...more });

/** The last letter of the state is another. */
export const alteredState = () =>
  response(({ params }) => ({
    params: params.map(([name, value]) => [name, name === 'state' ? value.slice(0, -1) + (value.endsWith('A') ? 'B' : 'A') : value]),
  }));

/** The attacker's own code, of a login with the attacker's own nonce and challenge. */
export const injectedCode = () => {
  let provider;
  return {
    kind: 'authorize',
    before: (of) => { provider = of; },
    answer: (answer, { url }) => {
      const asked = Object.fromEntries(url.searchParams);
      const code = grantFor({ ...asked, nonce: 'of-the-attacker', code_challenge: 'of-the-attacker' }, provider);
      const params = answer.redirect.params.map(([name, value]) => [name, name === 'code' ? code : value]);
      return { ...answer, redirect: { ...answer.redirect, params } };
    },
  };
};

/** The server does not look at the verifier. */
export const ignoresPkce = () => ({ kind: ['authorize', 'token'], before: (provider) => { provider.checksPkce = false; } });
