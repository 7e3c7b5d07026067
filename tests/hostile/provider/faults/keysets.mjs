// Key sets with tricks in them.

/** Other keys than those there are. `change` gets the public JWKs and the provider. */
export const keys = (change) => {
  let provider;
  return {
    kind: 'jwks',
    before: (of) => { provider = of; },
    answer: (answer) => ({ ...answer, json: { keys: change(answer.json.keys, provider) } }),
  };
};

/** Nothing in the set has a name, and only keys of these algorithms are in it. */
export const nameless = (algorithms) =>
  keys((all) => all.filter(({ alg }) => algorithms.includes(alg)).map(({ kid, ...jwk }) => jwk));

/** Members of every key. */
export const marked = (changes) => keys((all) => all.map((jwk) => ({ ...jwk, ...changes })));

export const many = (count) => keys((all) => [...Array.from({ length: count }, (_, i) => ({ ...all[0], kid: `filler-${i}` })), ...all]);

/** The first so many answers hold none of the signing keys. */
export const lateBy = (count) => ({ ...keys((all, provider) => [provider.keys.evil.publicJwk]), times: count });
