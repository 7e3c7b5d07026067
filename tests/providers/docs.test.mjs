// The pages of docs/providers: one for each preset, links that lead somewhere, and the proxy as it is.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PROVIDERS } from './emulation.mjs';
import { ARGUMENTS } from './presets.mjs';

const docs = new URL('../../docs/', import.meta.url);
const page = (path) => readFileSync(new URL(path, docs), 'utf8');
const presets = await import('../../pkg/dist/providers/index.js');

const file = (name) => `providers/${name.replace(/[A-Z0-9]+/g, (part, at) => (at > 0 && /[A-Z]/.test(part) ? `-${part.toLowerCase()}` : part))}.md`;

test('every preset has a page that imports it, and a row in the table', () => {
  const table = page('providers/README.md');
  for (const name of Object.keys(presets)) {
    const text = page(file(name));
    assert.ok(text.includes(`import { ${name} } from 'tokenward/providers';`), name);
    assert.ok(text.includes(`provider: ${name}(`), name);
    assert.match(text, /\| what does not \|/, name);
    assert.match(text, /^Sources?: \[/m, name);
    assert.ok(table.includes(`(${file(name).slice('providers/'.length)})`), name);
  }
});

test('a page says what its preset switches on', () => {
  for (const name of Object.keys(presets)) {
    const text = page(file(name));
    const preset = presets[name](ARGUMENTS[name]('https://app.example.com/oauth/token'));
    assert.equal(text.includes('proxy.md'), Boolean(PROVIDERS[name].secret) || name === 'discord', name);
    for (const repair of preset.repairs ?? []) assert.ok(text.includes(`\`${repair}\``), `${name}: ${repair}`);
    if (preset.sessionLifetime) assert.ok(text.includes('session.endsAt'), name);
    if (PROVIDERS[name].secret) assert.ok(text.includes(`tokenEndpoint: '`), name);
  }
});

test('every argument of a preset is on its page', () => {
  const types = new URL('../../pkg/dist/providers/', import.meta.url);
  for (const name of Object.keys(presets)) {
    const text = page(file(name));
    const source = readFileSync(new URL(`${file(name).slice('providers/'.length, -3)}.d.ts`, types), 'utf8');
    for (const [, argument] of source.matchAll(/^ {4}(\w+)\??: /gm)) assert.ok(text.includes(argument), `${name}.${argument}`);
  }
});

test('links lead somewhere', () => {
  const pages = ['recipes.md', ...readdirSync(new URL('providers/', docs)).map((name) => `providers/${name}`)];
  for (const path of pages) {
    for (const [, target] of page(path).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https:\/\//.test(target)) assert.ok(URL.canParse(target), `${path}: ${target}`);
      else assert.ok(existsSync(new URL(target, new URL(path, docs))), `${path}: ${target}`);
    }
  }
});

test('the proxy in the docs is the one that is tested', () => {
  const source = readFileSync(new URL('../../www-example/proxy/token-proxy.mjs', import.meta.url), 'utf8');
  assert.ok(page('providers/proxy.md').includes(`\`\`\`js\n${source}\`\`\`\n`));
});
