#!/usr/bin/env node
// node tests/e2e/matrix.mjs [browser …]: what a new tab, a reload, a tab that goes and a logout elsewhere do to a session,
// in every vault and persistence. It measures and asserts nothing; docs/tabs.md holds what it wrote.

import { BROWSERS } from './browsers.mjs';
import { openStage } from './stage.mjs';

const VAULTS = ['page', 'worker', 'shared'];
const PERSISTENCES = ['memory', 'sealed'];
const SOON = 12_000;

const names = process.argv.slice(2);
console.log('| browser | vault | persistence | a new tab | reload of the only tab | a tab is closed while it renews | logout in another tab |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
for (const name of names.length > 0 ? names : Object.keys(BROWSERS)) {
  const stage = await openStage(name);
  try {
    const browser = `${stage.browser.name} ${stage.browser.version}`;
    for (const vault of VAULTS) {
      for (const persistence of PERSISTENCES) {
        const cells = [];
        for (const probe of [newTab, reload, closed, logout]) {
          cells.push(await probe(stage, vault, persistence).catch((error) => `failed: ${error.message.split('\n')[0]}`));
        }
        console.log(`| ${browser} | ${vault} | ${persistence} | ${cells.join(' | ')} |`);
      }
    }
  } finally {
    await stage.stop();
  }
}

/** A page that is signed in; gives its address. */
async function begin(stage, vault, persistence, options = {}) {
  await stage.begin();
  stage.world.endSessions();
  stage.world.policy.grace = 60_000;
  const home = vault === 'page' ? stage.home : stage.vaultHome;
  const place = vault === 'page' ? {} : { vault, redirectUri: home, postLogoutRedirectUri: home };
  await stage.signIn({ persistence, ...place, ...options });
  return home;
}

/** What the tab says of its session, once it has come to rest. */
async function told(stage, wanted) {
  const status = await stage.status();
  const { persistence } = await stage.evaluate(() => auth.session);
  const kept = wanted === 'sealed' && persistence === 'memory' ? ', in memory' : '';
  return `${status}${kept}`;
}

async function newTab(stage, vault, persistence) {
  const home = await begin(stage, vault, persistence);
  stage.counts.reset();
  await stage.openTab(home);
  const requests = stage.counts.log.length;
  return `${await told(stage, persistence)}, ${requests} request${requests === 1 ? '' : 's'}`;
}

async function reload(stage, vault, persistence) {
  const home = await begin(stage, vault, persistence);
  await stage.open(home);
  return told(stage, persistence);
}

/** The other tab needs a new token meanwhile. */
async function closed(stage, vault, persistence) {
  const home = await begin(stage, vault, persistence, { renewal: 'on-demand' });
  const first = await stage.driver.getWindowHandle();
  const second = await stage.openTab(home);
  if ((await stage.status()) !== 'signed-in') return 'sessions of their own';
  await stage.show(first);
  const answer = await stage.closeWhileItRenews(second);
  setTimeout(answer.open, 1500);
  const { thrown } = await stage.attempt(() => auth.getToken({ fresh: true }));
  const again = thrown && (await stage.attempt(() => auth.getToken({ fresh: true })));
  const outcome = again?.thrown ? `${again.thrown.code}` : thrown ? `a new token at the second call (${thrown.code})` : 'a new token';
  return `${await told(stage, persistence)}, ${outcome}`;
}

async function logout(stage, vault, persistence) {
  const home = await begin(stage, vault, persistence);
  const first = await stage.driver.getWindowHandle();
  const second = await stage.openTab(home);
  if ((await stage.status()) !== 'signed-in') await stage.login();
  await stage.show(first);
  await stage.run(() => auth.logout({ local: true }));
  await stage.show(second);
  const end = Date.now() + SOON;
  while (Date.now() < end && (await stage.status()) === 'signed-in') await new Promise((resolve) => { setTimeout(resolve, 50); });
  const [heard] = await stage.eventsOf('elsewhere');
  return `${await told(stage, persistence)}${heard ? `, hears '${heard.hint}'` : ''}`;
}
