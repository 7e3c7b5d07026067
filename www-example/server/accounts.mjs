// The two people who can sign in.

export const ACCOUNTS = {
  ada: {
    name: 'Ada Lovelace',
    given_name: 'Ada',
    family_name: 'Lovelace',
    preferred_username: 'ada',
    locale: 'en-GB',
    email: 'ada@example.com',
    email_verified: true,
  },
  grace: {
    name: 'Grace Hopper',
    given_name: 'Grace',
    family_name: 'Hopper',
    preferred_username: 'grace',
    locale: 'en-US',
    email: 'grace@example.com',
    email_verified: true,
  },
};

/** oidc-provider's `claims` setting: which scope brings which claims. */
export const CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'locale'],
  email: ['email', 'email_verified'],
};

/** oidc-provider's `findAccount`. */
export async function findAccount(_ctx, sub) {
  const claims = Object.hasOwn(ACCOUNTS, sub) ? ACCOUNTS[sub] : undefined;
  return claims && { accountId: sub, claims: async () => ({ sub, ...claims }) };
}
