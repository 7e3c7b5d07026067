// Answers of the token endpoint with the wrong members.

/** Members set, or with `undefined` taken away. */
export const members = (changes) => ({
  kind: 'token',
  answer: (answer) => (answer.status === 200 ? { ...answer, json: { ...answer.json, ...changes } } : answer),
});

/** A member as text of JSON, for what JSON.stringify would not write. */
export const rawMember = (name, text) => ({
  kind: 'token',
  answer: (answer) => {
    const rest = JSON.stringify({ ...answer.json, [name]: undefined });
    return { ...answer, body: `{"${name}":${text},${rest.slice(1)}` };
  },
});

/** An OAuth error, whatever the status. */
export const refuses = (error, { status = 400, ...more } = {}) => ({
  kind: 'token',
  instead: () => ({ status, headers: {}, json: { error, ...more } }),
});

/** One refresh token for all time. */
export const steady = () => ({ kind: ['authorize', 'token'], before: (provider) => { provider.rotates = false; } });
