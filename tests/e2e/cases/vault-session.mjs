// Tokens in a worker: the same client, the same life of a session.

import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';

const KINDS = { worker: 'worker', shared: 'shared-worker' };

/** A page that is signed in through a vault. */
const signIn = (stage, vault, options) => stage.signIn({ vault, redirectUri: stage.vaultHome, postLogoutRedirectUri: stage.vaultHome, ...options });

for (const [vault, kind] of Object.entries(KINDS)) {
  scenario(`${kind}: login, token, API, logout, and the page never has the engine`, async (stage) => {
    await signIn(stage, vault);
    const session = await stage.evaluate(() => window.auth.session);
    assert.equal(session.vault, kind);
    assert.equal(session.claims.name, 'Ada Lovelace');
    assert.equal(await stage.evaluate(() => location.href), stage.vaultHome);
    const { status, token } = await stage.run(async () => {
      const response = await auth.fetch(`${setup.apiUrl}/me`);
      return { status: response.status, token: await auth.getToken() };
    });
    assert.equal(status, 200);
    assert.ok(token);
    const { memories, files } = await stage.evaluate(() => ({
      memories: seen.memories.length,
      files: performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
    }));
    assert.equal(memories, 0);
    assert.ok(files.some((file) => file.endsWith('/port.js')), files.join());
    assert.ok(!files.some((file) => /(inline|glue|page|load)\.js$|\.wasm$/.test(file)), files.join());

    await stage.run(() => auth.logout({ local: true }));
    assert.equal(await stage.status(), 'signed-out');
    const refused = await stage.refused(() => auth.getToken());
    assert.equal(refused.code, 'login_required');
  });
}
