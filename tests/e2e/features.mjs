// What the provider of the browser tests does beside what that of the demo does.

import validateDpop from 'oidc-provider/lib/helpers/validate_dpop.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** Authorization details of one type (RFC 9396), of which half is granted. */
export const details = {
  enabled: true,
  types: { payment: { validate: () => {} } },
  authorizationDetailsForGrantSource: (ctx) =>
    JSON.parse(ctx.oidc.params.authorization_details).map((detail) => ({ ...detail, limit: detail.limit / 2 })),
  authorizationDetailsForAccessToken: (_ctx, _token, source) => source.rar,
  authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
};

export const grantTypes = [
  'authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code', EXCHANGE,
];

/** Token exchange (RFC 8693): another access token of the same grant, for an audience. */
export function exchangeTokens(provider) {
  const handler = async (ctx) => {
    const { params, client } = ctx.oidc;
    const subject = await provider.AccessToken.find(params.subject_token);
    const grant = subject && (await provider.Grant.find(subject.grantId));
    const is = params.subject_token_type === ACCESS_TOKEN && grant && subject.clientId === client.clientId;
    if (!is || params.audience === 'nobody') {
      ctx.status = 400;
      ctx.body = { error: is ? 'invalid_target' : 'invalid_request' };
      return;
    }
    // As its own grants do (RFC 9449 5): who proves a key gets a token that is bound to it, and only that key has a bound one.
    const proof = await validateDpop(provider, ctx);
    if (subject.jkt && subject.jkt !== proof?.thumbprint) {
      ctx.status = 400;
      ctx.body = { error: 'invalid_request' };
      return;
    }
    const { accountId, grantId } = subject;
    const token = new provider.AccessToken({ client, grantId, accountId, gty: EXCHANGE, scope: params.scope });
    if (proof) token.setThumbprint('jkt', proof.thumbprint);
    token.claims = undefined;
    ctx.body = {
      access_token: await token.save(),
      issued_token_type: ACCESS_TOKEN,
      token_type: token.tokenType,
      expires_in: token.expiration,
      scope: params.scope,
    };
  };
  provider.registerGrantType(EXCHANGE, handler, [
    'subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope',
  ]);
}
