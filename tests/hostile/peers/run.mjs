#!/usr/bin/env node
// node tests/hostile/peers/run.mjs --peer NAME [--only pattern]
//
// Another library through the rows that apply to it. What it did is printed and kept in results/; the page of the docs
// is made from all results there are.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { isGood, NOT_RUN, PEER_ATTACKS } from './judge.mjs';
import { PEERS } from './libraries.mjs';
import { writePage } from './page.mjs';
import { openStage } from './stage.mjs';

const { values } = parseArgs({ options: { peer: { type: 'string' }, only: { type: 'string' } } });
const peer = PEERS.find(({ id }) => id === values.peer);
if (!peer) {
  console.error(`usage: cargo xtask hostile --peer ${PEERS.map(({ id }) => id).join('|')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

const stage = await openStage(peer.id);
const results = [];
let asked = 0;
try {
  console.log(`${peer.id} ${peer.version}, Chromium ${stage.browser.version}`);
  for (const attack of PEER_ATTACKS.filter(({ id }) => !values.only || new RegExp(values.only).test(id))) {
    const result = attack.ours ? { did: NOT_RUN, why: attack.ours } : await run(attack).catch((error) => ({ did: 'broke the run', why: error.message }));
    results.push({ id: attack.id, what: attack.what, at: attack.at, ...result });
    const good = isGood(attack, result.did);
    if (good) asked += 1;
    const mark = good === undefined ? '-' : good ? 'ok' : '!!';
    console.log(`${attack.id} ${mark.padEnd(2)} ${attack.what}${attack.at === 'refresh' ? ', on refresh' : ''}: ${result.did}${result.why ? ` (${result.why})` : ''}`);
  }
} finally {
  await stage.stop();
}

const ran = results.filter(({ did }) => did !== NOT_RUN);
console.log(`\n${ran.length} ran, ${asked} as the table asks, ${results.length - ran.length} cannot run`);
keep();
writePage();

/** With `--only`, what is kept of the same version stays for the other rows. */
function keep() {
  const file = new URL(`results/${peer.id}.json`, import.meta.url);
  const before = values.only && existsSync(file) ? JSON.parse(readFileSync(file)) : undefined;
  const rest = before?.version === peer.version ? before.results.filter(({ id }) => !results.some((one) => one.id === id)) : [];
  const all = [...rest, ...results].sort((one, other) => one.id.localeCompare(other.id));
  const text = JSON.stringify({ id: peer.id, version: peer.version, browser: stage.browser.version, results: all }, null, 1);
  writeFileSync(file, `${text}\n`);
}

async function run(attack) {
  const { provider } = stage;
  await stage.forget();
  provider.reset();
  const faults = attack.faults();
  if (attack.at !== 'refresh') provider.does(...faults);
  await stage.open();
  const setup = { ...stage.setup, prompt: attack.login?.prompt };
  const stayed = await stage.leave(setup);
  const met = () => provider.faults.length === 0 || provider.faults.some(({ hits }) => hits > 0);
  if (stayed?.astray) return told('goes astray');
  if (stayed) return told(stayed.hangs ? 'hangs' : 'refuses', stayed.message);
  const finished = await stage.call('finish', setup);
  const token = await stage.call('token');
  if (attack.at === 'login') {
    if (!met()) return { did: NOT_RUN, why: 'it never asks for that' };
    if (token.value) return told('accepts');
    return told(finished.hangs ? 'hangs' : 'refuses', finished.message ?? token.message);
  }
  if (!token.value) return { did: 'broke the run', why: finished.message ?? 'no honest login' };
  if (attack.at === 'replay') {
    const url = await stage.arrivedAt();
    await stage.open(url);
    const again = await stage.call('finish', setup);
    return told(provider.count('token', 'authorization_code') > 1 ? 'redeems it again' : 'refuses', again.message);
  }
  provider.does(...faults);
  const first = await stage.call('refresh');
  if (!met()) return { did: NOT_RUN, why: 'it never asks for that' };
  let used = Boolean(first.value);
  let why = first.message;
  if (used && attack.also === 'again') {
    const second = await stage.call('refresh');
    used = Boolean(second.value);
    why = second.message;
  }
  const after = await stage.call('token');
  if (first.hangs) return told('hangs');
  if (used) return told('uses the answer');
  return told(after.value ? 'refuses, keeps what it had' : 'refuses, ends the session', why);
}

/** A result as it is kept. */
function told(did, why) {
  // Addresses of a run are another each time.
  const text = why?.replaceAll(/localhost:\d+/g, 'localhost').replaceAll(/\s+/g, ' ').slice(0, 120);
  return { did, ...(text && did !== 'accepts' && { why: text }) };
}
