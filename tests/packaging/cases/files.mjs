// What is in the tarball, and what is not.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../tarball.mjs';

const execute = promisify(execFile);
const PAPERS = ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT', 'PROTOCOL.md', 'README.md', 'package.json'];
const KILO = 1024;
const INLINED = [['inline.js', 'tokenward.wasm'], ['inline-lean.js', 'tokenward-lean.wasm']];

export const cases = {
  async 'exactly the files that belong there'({ tarball }) {
    // The parts of the vault are in the one file that it is.
    const all = await readdir(join(ROOT, 'pkg-template/src'), { recursive: true });
    const sources = all.filter((name) => name.endsWith('.ts') && !/^vault[\\/]/.test(name)).map((name) => name.replaceAll('\\', '/'));
    const compiled = sources.flatMap((name) => (name.endsWith('.d.ts') ? [name] : [name.replace(/\.ts$/, '.js'), name.replace(/\.ts$/, '.d.ts')]));
    const dist = [...compiled, 'glue.js', 'hint-table.js', 'inline.js', 'inline-lean.js', 'tokenward.wasm', 'tokenward-lean.wasm'].map((name) => `dist/${name}`);
    const wanted = new Set([...PAPERS, ...dist]);
    // These are in client.js.
    for (const name of [
      'announcer', 'async-dispose', 'client-name', 'errors', 'frontchannel', 'listeners', 'loaded', 'navigation', 'neighbours', 'once', 'operations', 'options',
      'pending', 'session', 'token', 'whole',
    ]) {
      wanted.delete(`dist/${name}.js`);
    }
    const missing = [...wanted].filter((name) => !tarball.files.has(name));
    const foreign = [...tarball.files.keys()].filter((name) => !wanted.has(name));
    assert.deepEqual({ missing, foreign }, { missing: [], foreign: [] });
    for (const [name, bytes] of tarball.files) assert.ok(bytes.length > 0, `${name} is empty`);
  },

  'every export is there, and every script is reached from one'({ tarball: { files } }) {
    const { exports } = JSON.parse(files.get('package.json'));
    const targets = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)));
    assert.ok(targets.length >= 10);
    for (const target of targets) assert.ok(files.has(target.replace(/^\.\//, '')), `${target} is not in the tarball`);
    for (const [name, target] of Object.entries(exports)) {
      if (typeof target === 'string') continue;
      assert.equal(Object.keys(target)[0], 'types', `exports["${name}"]: TypeScript reads the first condition that fits`);
    }

    const reached = new Set();
    const visit = (file) => {
      if (reached.has(file)) return;
      reached.add(file);
      if (!/\.(js|d\.ts)$/.test(file)) return;
      for (const [, specifier] of String(files.get(file)).matchAll(/(?:from|import|import\()\s*["'](\.[^"']+)["']/g)) {
        const path = posix.join(posix.dirname(file), specifier);
        const found = file.endsWith('.d.ts') ? path.replace(/\.js$/, '.d.ts') : path;
        assert.ok(files.has(found), `${file} imports ${specifier}, which is not in the tarball`);
        visit(found);
      }
    };
    targets.forEach((target) => visit(target.replace(/^\.\//, '')));
    const useless = [...files].filter(([name, bytes]) => name.endsWith('.js') && !reached.has(name) && !isTypesOnly(String(bytes)));
    assert.deepEqual(useless.map(([name]) => name), []);
  },

  'no path of the machine that built it'({ tarball: { files } }) {
    const decoded = INLINED.map(([name]) => [`${name}, decoded`, inlined(files, name).wasm]);
    // A folder right below the root has too common a name to look for.
    const here = [ROOT.replace(/\/$/, ''), homedir(), process.env.CARGO_HOME, process.env.RUSTUP_HOME]
      .filter((path) => path && path.split(/[\\/]/).length > 2);
    const paths = [...here, '/home/', '/root/', '/Users/', '/.cargo/', '/.rustup/', ':\\'];
    const found = [];
    for (const [name, bytes] of [...files, ...decoded]) {
      for (const path of new Set(paths)) {
        const at = bytes.indexOf(path);
        if (at >= 0) found.push(`${name}: ${bytes.toString('latin1', at, at + 60)}`);
      }
    }
    assert.deepEqual(found, []);
  },

  'both entries hold the same modules, and they ask for nothing of Node or WASI'({ tarball: { files } }) {
    for (const [name, file] of INLINED) {
      const { text, wasm } = inlined(files, name);
      const asset = files.get(`dist/${file}`);
      assert.ok(wasm.equals(asset), `${name} holds another module than ${file}`);
      assert.ok(text.length < 1.2 * asset.length, 'the inlined module has few frequent octets');
      const imported = new Set(WebAssembly.Module.imports(new WebAssembly.Module(asset)).map(({ module }) => module));
      assert.deepEqual([...imported], ['g']);
      assert.equal(WebAssembly.Module.customSections(new WebAssembly.Module(asset), 'name').length, 0);
    }
    const [whole, lean] = INLINED.map(([, file]) => files.get(`dist/${file}`).length);
    assert.ok(lean < whole, 'the lean module is no smaller than the whole one');
  },

  'nothing that only matters while developing'({ tarball: { files } }) {
    const manifest = JSON.parse(files.get('package.json'));
    for (const member of ['scripts', 'devDependencies', 'dependencies', 'private']) assert.equal(manifest[member], undefined, member);
    assert.equal(manifest.license, 'MIT OR Apache-2.0');
    assert.deepEqual(manifest.sideEffects, ['./dist/vault.js']);
    for (const peer of Object.keys(manifest.peerDependencies)) assert.equal(manifest.peerDependenciesMeta[peer].optional, true, peer);
    for (const [name, bytes] of files) {
      if (name.endsWith('.js')) assert.doesNotMatch(String(bytes), /sourceMappingURL|\bdebugger\b|import\.meta|\bprocess\.env\b/, name);
    }
    assert.match(String(files.get('LICENSE-MIT')), /Permission is hereby granted/);
    assert.match(String(files.get('LICENSE-APACHE')), /Apache License/);
    assert.match(String(files.get('README.md')), /^# Tokenward/);
  },

  'sizes are sane'({ tarball: { bytes, files } }) {
    const total = [...files.values()].reduce((sum, file) => sum + file.length, 0);
    // The whole module is in it three times: by itself, as text, and in the vault.
    assert.ok(bytes.length < 448 * KILO, `the tarball has ${bytes.length} bytes`);
    assert.ok(total < 1024 * KILO, `unpacked it has ${total} bytes`);
    for (const [name, file] of files) {
      const limit = /(inline|inline-lean|vault)\.js|\.wasm$/.test(name) ? 256 : 64;
      assert.ok(file.length < limit * KILO, `${name} has ${file.length} bytes`);
    }
  },

  async 'npm packs the same again'({ tarball }) {
    const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], { cwd: join(ROOT, 'pkg') });
    const [{ files }] = Object.values(JSON.parse(stdout));
    assert.deepEqual(files.map(({ path }) => path).sort(), [...tarball.files.keys()].sort());
    assert.ok(files.every(({ path }) => !dirname(path).includes('node_modules')));
  },
};

/** What tsc writes for a source of types: comments, and that it is a module. */
function isTypesOnly(script) {
  return script.replace(/^\/\/.*$/gm, '').trim() === 'export {};';
}

/** As load.ts decodes it, in other words. */
function inlined(files, name) {
  const text = String(files.get(`dist/${name}`));
  const [, coded, list] = /^export const wasm = "([^"]+)";\nexport const frequent = \[([\d, ]+)\];\n$/.exec(text) ?? [];
  assert.ok(coded && list, `${name} is not two constants`);
  const digits = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).filter((c) => !'"\'`\\'.includes(c)).join('');
  const frequent = list.split(', ').map(Number);
  const rare = Array.from({ length: 256 }, (_, octet) => octet).filter((octet) => !frequent.includes(octet));
  const wasm = [];
  for (let at = 0; at < coded.length; at += 1) {
    const digit = digits.indexOf(coded[at]);
    if (digit < frequent.length) wasm.push(frequent[digit]);
    else wasm.push(rare[(digit - frequent.length) * digits.length + digits.indexOf(coded[(at += 1)])]);
  }
  return { text, wasm: Buffer.from(wasm) };
}
