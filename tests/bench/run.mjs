#!/usr/bin/env node
// node tests/bench/run.mjs [--quick] [--only row,row]

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBundles } from './bundles.mjs';
import { measureAll } from './interleave.mjs';
import { LIBRARIES } from './libraries.mjs';
import { judge, toJson } from './results.mjs';
import { ROWS } from './rows/all.mjs';
import { openStage } from './stage.mjs';
import { print } from './table.mjs';

const USAGE = `usage: cargo xtask bench [--quick] [--only ${ROWS.map(({ id }) => id).join(',')}]`;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

const { quick, rows } = readArguments();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const pkg = path('../../pkg');
const made = path('../../target/bench');
const { measured, downloads } = await makeBundles(`${made}/bundles`, pkg);
const stage = await openStage({ pkg, measured });
try {
  const begun = Date.now();
  const processors = cpus();
  const machine = {
    browser: `Chromium ${stage.browser.version}`,
    node: process.version,
    cores: processors.length,
    processor: processors[0]?.model ?? 'unknown',
    libraries: Object.fromEntries(LIBRARIES.map(({ id, version }) => [id, version])),
    mode: quick ? 'quick' : 'full',
    date: new Date().toISOString(),
  };
  console.log(`${machine.browser}, headless; Node ${machine.node}; ${machine.cores} cores, ${machine.processor}`);
  console.log(LIBRARIES.map(({ id, version }) => `${id} ${version}`).join(', '));
  const { tables, seconds } = await measureAll({ stage, downloads }, rows, { mode: machine.mode, say: progress });
  progress('');

  const { results, silent } = judge(tables, seconds);
  print(results, (text) => console.log(text));
  mkdirSync(made, { recursive: true });
  writeFileSync(`${made}/results.json`, `${JSON.stringify(toJson(machine, results), null, 1)}\n`);
  console.log(`\n${Math.round((Date.now() - begun) / 1000)} s; all samples in target/bench/results.json`);
  if (stage.world.errors.length > 0) silent.push(`the provider failed: ${stage.world.errors[0]}`);
  if (silent.length > 0) {
    console.error(`no samples: ${silent.join('; ')}`);
    process.exitCode = 1;
  }
} finally {
  await stage.stop();
}

function readArguments() {
  try {
    const { values } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } });
    const wanted = values.only?.split(',');
    const unknown = wanted?.find((id) => !ROWS.some((row) => row.id === id));
    if (unknown !== undefined) throw new Error(`no row ${unknown}`);
    return { quick: values.quick ?? false, rows: ROWS.filter(({ id }) => !wanted || wanted.includes(id)) };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}

/** One line that is written over, on a terminal; nothing elsewhere. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
