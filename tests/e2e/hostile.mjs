// How a case meets the hostile provider: one client of it, and what must hold after every refusal.

import assert from 'node:assert/strict';
import { MARK } from '../hostile/provider/faults/fault.mjs';

/** A page whose client belongs to the hostile provider; signed out, nothing pending. */
export async function openHostile(stage, options = {}) {
  stage.set({ issuer: stage.hostile.issuer, apis: [`${stage.hostile.origin}/api`], ...options });
  await stage.open();
  await stage.evaluate(() => { sessionStorage.clear(); });
}

/** `login()`, as far as it comes. Gives the error of a login that never left the page. */
export async function tryLogin(stage, login) {
  await stage.leaveForLogin(login);
  return stage.until('the login ends', async () => {
    const page = await stage.evaluate(() => ({ ready: window.ready === true, failed: window.loginFailed ?? null, url: location.href }));
    if (!page) return false;
    if (page.failed) return page.failed;
    return page.ready && page.url.startsWith(stage.world.pagesUrl);
  });
}

/** A page that is signed in at the hostile provider, which was honest so far. */
export async function signInHostile(stage, options) {
  await openHostile(stage, options);
  await tryLogin(stage);
  assert.equal((await stage.lastError())?.code, undefined);
  assert.equal(await stage.status(), 'signed-in');
}

/** What the page has of a session, in one look. */
export const look = (stage) => stage.evaluate(() => ({
  status: auth.session.status,
  claims: auth.session.claims,
  scope: auth.session.scope,
  error: auth.session.lastError ? describeError(auth.session.lastError) : null,
  url: location.href,
  kept: JSON.stringify({ ...sessionStorage, ...localStorage }),
}));

/** What holds of every refusal: nothing used, nothing asked with it, no text from outside in ours. */
export function assertNothingUsed({ hostile }, error) {
  for (const kind of ['userinfo', 'api']) assert.equal(hostile.count(kind), 0, `a request to ${kind}`);
  assert.deepEqual(hostile.lured, [], 'a request to another origin');
  const own = [error.message, error.hint, error.path].join(' ');
  assert.ok(!own.includes(MARK), own);
  for (const outside of [error.oauthError, error.description]) assert.ok((outside ?? '').length <= 256);
}
