// How a case is written: `scenario(name, async (stage) => …)`.

import { test } from 'node:test';

const LIMIT = 90_000;

let stage;
let wanted;
let selected = 0;

/** The stage of the cases that are defined from now on, and which of them run. */
export function select(onStage, pattern) {
  stage = onStage;
  wanted = pattern === undefined ? undefined : new RegExp(pattern, 'i');
}

/** How many cases there are that may run. */
export const count = () => selected;

/** The browser the cases run in. */
export const browser = () => stage.browser.name;

/** One case on a clean stage. `skip`: why it cannot run in this browser. */
export function scenario(name, body, { skip } = {}) {
  if (wanted && !wanted.test(name)) return;
  if (!skip) selected += 1;
  test(name, { timeout: LIMIT, skip: skip ?? false }, async (context) => {
    await stage.begin();
    await body(stage, context);
    await stage.inspect();
  });
}
