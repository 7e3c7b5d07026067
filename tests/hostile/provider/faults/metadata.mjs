// Metadata documents that are wrong, or lead away.

/** Members set, or with `undefined` taken away. */
export const metadata = (changes) => {
  let provider;
  return {
    kind: 'discovery',
    before: (of) => { provider = of; },
    answer: (answer) => {
      const given = typeof changes === 'function' ? changes(provider, answer.json) : changes;
      return { ...answer, json: { ...answer.json, ...given } };
    },
  };
};
