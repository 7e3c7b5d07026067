// What the three example apps have in common: where the servers are, and the switches of the demo.

/** The servers' addresses, as the demo's web server tells them. */
export async function loadConfig() {
  const response = await fetch('/config.json');
  return response.json();
}

/** Options of `createClient` for the app that lives under `path`; `place`: where its session lives. */
export function clientOptions({ issuer, clientId, apiUrl }, path, place) {
  const home = location.origin + path;
  return {
    issuer,
    clientId,
    redirectUri: home,
    postLogoutRedirectUri: home,
    scope: 'openid profile email offline_access',
    apis: [apiUrl],
    ...place,
  };
}

/** Presses a switch of the demo's web server. */
export async function press(name, body = {}) {
  const response = await fetch(`/demo/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`the demo server answered ${response.status}`);
  return response.json();
}

/** How many token requests of this kind the provider has seen. */
export async function tokenRequests(grant) {
  const { grants } = await press('counts');
  return grants[grant] ?? 0;
}
