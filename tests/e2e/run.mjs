#!/usr/bin/env node
// node tests/e2e/run.mjs --browser chromium|firefox|webkit [--only pattern] [--part 1|2|3] [--pkg folder] [--whole]
//
// All cases in one browser, against a real provider, by Node's test runner in this process. The parts can run side
// by side: each has a browser and a provider of its own. Several: --part 1,2.

import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { after } from 'node:test';
import { BROWSERS } from './browsers.mjs';
import { count, select } from './case.mjs';
import { openStage } from './stage.mjs';

const USAGE = `usage: node tests/e2e/run.mjs --browser ${Object.keys(BROWSERS).join('|')} [--only pattern] [--part 1|2|3] [--pkg folder] [--whole]`;

/** Of about the same length; the third does little but wait. */
const PARTS = {
  1: [
    'login', 'callback', 'api', 'logout', 'surface', 'step-up', 'providers', 'keeper', 'beside', 'flows',
    'hostile-answers', 'hostile-callback', 'hostile-session', 'hostile-page',
  ],
  2: ['rotation', 'trouble', 'clocks', 'dpop', 'par', 'sealed', 'vault-session', 'vault-tabs', 'vault-fetch', 'vault-hostile', 'churn'],
  3: ['monitor', 'frontchannel'],
};

/** What an answer says is judged by the same code in every engine: one engine will do, but for the whole table. */
const WHERE_ONE_WILL_DO = ['providers', 'hostile-answers'];

let values;
try {
  ({ values } = parseArgs({ options: { browser: { type: 'string' }, only: { type: 'string' }, part: { type: 'string' }, pkg: { type: 'string' }, whole: { type: 'boolean' } } }));
} catch (error) {
  fail(`${error.message}\n${USAGE}`);
}
if (!Object.hasOwn(BROWSERS, values.browser ?? '')) fail(USAGE);
const parts = values.part?.split(',') ?? Object.keys(PARTS);
if (!parts.every((name) => Object.hasOwn(PARTS, name))) fail(USAGE);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

let stage;
try {
  stage = await openStage(values.browser, values.pkg ? { pkg: resolve(values.pkg) } : {});
} catch (error) {
  fail(error.message);
}
console.log(`${stage.browser.name} ${stage.browser.version}, pages at ${stage.world.pagesUrl}`);

select(stage, values.only);
const groups = parts.flatMap((name) => PARTS[name]).filter((name) => values.whole || values.browser === 'chromium' || !WHERE_ONE_WILL_DO.includes(name));
for (const name of groups) await import(`./cases/${name}.mjs`);
after(() => stage.stop());
if (count() === 0) {
  await stage.stop();
  fail(`no case matches ${values.only}`);
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
