import { createAgent } from '../../world/agent.mjs';

const KINDS = ['discovery', 'token', 'jwks', 'userinfo', 'preflight', 'other'];
const BOTH = ['tokenward', 'oidc-client-ts'];

/** Passes the pages of the provider as a browser would; gives where it sends the browser back to. */
export async function pass(world, loginUrl, home) {
  const agent = createAgent(new URL(home).origin);
  const { landed, response, at } = await agent.follow(loginUrl, undefined, home);
  if (landed) return landed.href;
  const result = await agent.submit(await response.text(), at, { username: 'ada', action: 'login' }, home);
  return result.landed.href;
}

const tally = (counts) => KINDS.reduce((sum, kind) => sum + counts[kind], 0);

/** Two logins: the first by leaving the page, the second in the client that is there. */
async function logins(stage, library) {
  const { world, home } = stage;
  const setup = { issuer: world.issuer, clientId: 'bench', redirectUri: home, scope: 'openid profile offline_access' };
  await stage.devtools('Network.clearBrowserCache');
  await stage.open();
  world.counts.reset();
  const away = await stage.call('requests', 'begin', { library, setup });
  const url = await pass(world, away, home);
  await stage.go(url);
  await stage.call('requests', 'finish', { library, setup, url });
  const first = world.counts.toJSON();

  world.counts.reset();
  const again = await stage.call('requests', 'begin', { library, setup });
  await stage.call('requests', 'finish', { library, setup, url: await pass(world, again, home) });
  const second = world.counts.toJSON();
  return { first, second };
}

const only = (library) => (BOTH.includes(library) ? undefined : 'not comparable');

const REASON = 'auth0-spa-js asks fixed paths of its own server, keycloak-js needs tokens that it can read: neither works with the provider here.';

export default {
  id: 'requests',
  title: 'Requests of one login with discovery, through both pages (real provider)',
  unit: '',
  digits: 0,
  reach: '3',
  notes: ['Discovery, token, keys, userinfo and preflights; not the pages the browser visits. oidc-client-ts fetches no keys, for it verifies nothing.', REASON],
  rounds: { quick: 1, full: 3 },
  sample: async ({ stage }, library) => only(library) ?? [tally((await logins(stage, library)).first)],
};

export const second = {
  id: 'requests-second',
  title: 'Requests of a second login in the same client',
  unit: '',
  digits: 0,
  reach: '1',
  notes: [],
  rounds: { quick: 1, full: 3 },
  sample: async ({ stage }, library) => only(library) ?? [tally((await logins(stage, library)).second)],
};
