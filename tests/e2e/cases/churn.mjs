// Many rotations while tabs open, reload and close, in an order that is always the same.

import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { signInTo } from '../vault.mjs';

const ROTATIONS = 30;
const MOST_TABS = 4;

/** A small generator: the order is at random, and the same in every run. */
const createChance = (seed) => {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
};

const churn = async (stage, signIn, home) => {
  const chance = createChance(7);
  await signIn();
  const { driver } = stage;
  let tabs = [await driver.getWindowHandle()];
  stage.counts.reset();
  while ((stage.counts.grants.refresh_token ?? 0) < ROTATIONS) {
    const tab = tabs[chance(tabs.length)];
    await stage.show(tab);
    const what = chance(6);
    if (what === 0 && tabs.length < MOST_TABS) {
      tabs.push(await stage.openTab(home));
    } else if (what === 1 && tabs.length > 1) {
      // What it asked for last is under way when it goes.
      await stage.evaluate(() => { auth.getToken({ fresh: true }).catch(() => {}); });
      tabs = tabs.filter((other) => other !== tab);
      await stage.closeTab(tabs[0]);
    } else {
      assert.ok(await stage.run(() => auth.getToken({ fresh: true })));
    }
    assert.ok(['signed-in', 'refreshing'].includes(await stage.status()), await stage.status());
  }
  for (const tab of tabs) {
    await stage.show(tab);
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
    assert.deepEqual(await stage.eventsOf('session-expired'), []);
  }
};

scenario(
  `shared worker: ${ROTATIONS} rotations while tabs come and go`,
  (stage) => churn(stage, () => signInTo(stage, 'shared', { renewal: 'on-demand' }), stage.vaultHome),
  { skip: browser() === 'webkit' && 'WebKitGTK ends the worker with a tab' },
);

scenario(`sealed: ${ROTATIONS} rotations while tabs come and go`, async (stage) => {
  // A tab that is closed between a request and its answer costs the session, unless the server tolerates the old token.
  stage.world.policy.grace = 60_000;
  await churn(stage, () => stage.signIn({ persistence: 'sealed', renewal: 'on-demand' }), stage.home);
});
