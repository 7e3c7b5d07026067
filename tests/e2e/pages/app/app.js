// One client with the options of the test that runs, and everything that is heard of it.

import * as tokenward from '/pkg/dist/index.js';

const EVENTS = ['signed-in', 'renewed', 'renewal-failed', 'signed-out', 'session-expired', 'monitoring-ended'];

window.tokenward = tokenward;

// The page of the vaults demands trusted addresses of workers.
const policy = globalThis.trustedTypes?.createPolicy('vault', { createScriptURL: (url) => url });

/** Makes the worker of a vault; shared ones of other tests have other names. */
window.makeVault = (kind, name = setup.vaultName) => {
  const url = policy ? policy.createScriptURL(setup.vaultUrl) : setup.vaultUrl;
  if (kind === 'shared') return new SharedWorker(url, { type: 'module', name });
  return new Worker(url, { type: 'module', name });
};

/** What the test's `vault` stands for. */
const vault = { worker: () => (window.theirs = makeVault('worker')), shared: () => makeVault('shared'), either: () => makeVault };

/** Makes a client; `window.auth` is the first one, `window.refused` why there is none. */
window.open = async (options) => {
  const { onStepUp } = window;
  const given = { ...(setup.vault && { vault: vault[setup.vault]() }), ...(onStepUp && { onStepUp }), ...options };
  const auth = await tokenward.createClient(given);
  for (const type of EVENTS) {
    auth.on(type, ({ session, error }) => seen.events.push({ type, status: session.status, code: error?.code ?? null }));
  }
  auth.subscribe(({ status, renewal }) => seen.statuses.push(`${status} ${renewal}`));
  return auth;
};

try {
  const opening = window.open(setup.options);
  seen.afterCall = location.href;
  window.auth = await opening;
  seen.afterOpen = location.href;
} catch (error) {
  window.refused = describeError(error);
}
window.ready = true;
