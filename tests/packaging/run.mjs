#!/usr/bin/env node
// node tests/packaging/run.mjs [--only files|node|page|bundle|react|vue|vault]
//
// The packed tarball in apps as people make them: installed by npm, bundled or not, logged in with Chromium at a
// real provider. By Node's test runner, in this process.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { parseArgs } from 'node:util';
import { installApp } from './apps.mjs';
import { openStage } from './stage.mjs';
import { takeTarball } from './tarball.mjs';

/** What is tested, with the apps it needs. */
const GROUPS = {
  files: [],
  node: ['page', 'react', 'vue'],
  page: ['page'],
  bundle: ['bundle'],
  react: ['react'],
  vue: ['vue'],
  vault: ['vault'],
};
const LIMIT = 300_000;
const USAGE = `usage: node tests/packaging/run.mjs [--only ${Object.keys(GROUPS).join('|')}]`;

let only;
try {
  ({ values: { only } } = parseArgs({ options: { only: { type: 'string' } } }));
} catch (error) {
  fail(`${error.message}\n${USAGE}`);
}
if (only !== undefined && !Object.hasOwn(GROUPS, only)) fail(USAGE);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const chosen = only === undefined ? Object.keys(GROUPS) : [only];
let bench;
try {
  const tarball = await takeTarball();
  const stage = chosen.some((group) => GROUPS[group].length > 0 && group !== 'node') ? await openStage() : undefined;
  bench = { tarball, stage, apps: install(tarball, new Set(chosen.flatMap((group) => GROUPS[group]))) };
} catch (error) {
  fail(error.message);
}

after(() => bench.stage?.stop());
for (const group of chosen) {
  const { cases } = await import(`./cases/${group}.mjs`);
  for (const [name, body] of Object.entries(cases)) {
    test(`${group}: ${name}`, { timeout: LIMIT }, async () => {
      if (bench.stage) await bench.stage.begin();
      await body(bench);
      assert.deepEqual(bench.stage ? await bench.stage.complaints() : [], []);
    });
  }
}

/** All installations at once: they wait for the registry most of the time. A failure is told by the tests that need it. */
function install(tarball, names) {
  const apps = {};
  for (const name of names) {
    apps[name] = installApp(name, tarball);
    apps[name].catch(() => {});
  }
  return apps;
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
