// docs/peers-under-fire.md, from the results there are.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isGood, NOT_RUN, PEER_ATTACKS } from './judge.mjs';
import { PEERS } from './libraries.mjs';

const file = (id) => new URL(`results/${id}.json`, import.meta.url);
const PAGE = new URL('../../../docs/peers-under-fire.md', import.meta.url);

const HEAD = `# Other libraries under the same fire

<!-- Made by \`cargo xtask hostile --peer NAME\` from tests/hostile/peers/results. -->

Each library signs in at the server of tests/hostile/provider, in headless Chromium, while that server does what a row
says, and is then asked for a token. One word per variant: what it *did*. Bold: not what the table (hostile.md) asks
for. "–": the variant cannot be run with it, because it never makes that request.

What this does not say: that a library is unsafe wherever a word is bold. OpenID Connect lets a client skip the
signature of an ID token that came straight from the token endpoint over TLS (Core 3.1.3.7, step 6); the libraries that
do so accept part C and rely on TLS. Where a standard leaves it open (the hash of the access token, how old an ID token
may be, which algorithms beside RS256 are taken), or where a library ignores what this one refuses (tokens beside a
code), both ways count as what the table asks for. Others leave checks to the server they are made for. We drove them
through their documented calls; who finds that unfair is asked to open an issue.

A row \`must\` either be refused or accepted at login; on refresh the session must be renewed (accept), stay as it was
(keep), or nothing of the answer may be used (end).
`;

const NOTES = `
"hangs": no outcome within eight seconds. "goes astray": it sends the browser to an address that is none.
`;

export function writePage() {
  mkdirSync(new URL('.', PAGE), { recursive: true });
  writeFileSync(PAGE, page());
}

export function page() {
  const all = PEERS.filter(({ id }) => existsSync(file(id))).map((peer) => ({ ...peer, ...JSON.parse(readFileSync(file(peer.id))) }));
  let text = `${HEAD}\n| library | version | options |\n| --- | --- | --- |\n`;
  for (const { id, version, options } of all) text += `| ${id} | ${version} | ${options} |\n`;
  text += '\n| | as the table asks | otherwise | cannot run |\n| --- | --- | --- | --- |\n';
  const resultOf = ({ results }, { id, what, at }) => results.find((one) => one.id === id && one.what === what && one.at === at);
  for (const peer of all) {
    const judged = PEER_ATTACKS.map((attack) => isGood(attack, resultOf(peer, attack)?.did ?? NOT_RUN));
    const count = (verdict) => judged.filter((one) => one === verdict).length;
    text += `| ${peer.id} | ${count(true)} | ${count(false)} | ${count(undefined)} |\n`;
  }
  text += `${NOTES}\n| row | variant | must | ${all.map(({ id }) => id).join(' | ')} |\n| --- | --- | --- |${' --- |'.repeat(all.length)}\n`;
  for (const attack of PEER_ATTACKS) {
    const { id, what, at, must } = attack;
    const cells = all.map((peer) => cell(attack, resultOf(peer, attack)?.did ?? NOT_RUN));
    text += `| ${id} | ${what.replaceAll('|', '\\|')} | ${at === 'refresh' ? `refresh: ${must}` : must} | ${cells.join(' | ')} |\n`;
  }
  return text;
}

function cell(attack, did) {
  if (did === NOT_RUN) return '–';
  return isGood(attack, did) ? did : `**${did}**`;
}
