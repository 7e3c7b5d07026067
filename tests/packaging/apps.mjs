// Apps outside of this project's tree of imports: written fresh from a fixture, with the packed tarball installed by
// npm as anybody would.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, WORK } from './tarball.mjs';

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));
const INSTALLED = 'node_modules/.installed.json';
const STEP_LIMIT = 240_000;

/**
 * Writes target/packaging/<name> and installs its dependencies and the tarball. What npm installed last time stays
 * when the app wants the same; the tarball never does.
 *
 * @returns {Promise<App>}
 */
export async function installApp(name, tarball) {
  const dir = join(WORK, name);
  const manifest = await manifestOf(name);
  const kept = await readFile(join(dir, INSTALLED), 'utf8').catch(() => undefined);
  await mkdir(dir, { recursive: true });
  for (const entry of await readdir(dir)) {
    if (entry !== 'node_modules' || kept !== manifest) await rm(join(dir, entry), { recursive: true, force: true });
  }
  // Both remember the hash of the last tarball at this path.
  for (const old of ['node_modules/tokenward', 'node_modules/.package-lock.json', 'node_modules/.vite']) {
    await rm(join(dir, old), { recursive: true, force: true });
  }
  await cp(join(FIXTURES, name), dir, { recursive: true });
  await writeFile(join(dir, 'package.json'), manifest);

  const app = new App(name, dir);
  await app.run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball.path]);
  for (const [name, bytes] of tarball.files) {
    const installed = await readFile(app.path('node_modules/tokenward', name));
    if (!installed.equals(bytes)) throw new Error(`${name} was not installed from the tarball`);
  }
  await app.write(INSTALLED, manifest);
  return app;
}

/** The fixture's package.json with the versions of this project's own package.json in place of each `*`. */
async function manifestOf(name) {
  const { devDependencies: versions } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const manifest = JSON.parse(await readFile(join(FIXTURES, name, 'package.json'), 'utf8'));
  for (const group of ['dependencies', 'devDependencies']) {
    for (const wanted of Object.keys(manifest[group] ?? {})) {
      if (!versions[wanted]) throw new Error(`${wanted} of ${name} is not in the root's package.json`);
      manifest[group][wanted] = versions[wanted];
    }
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

class App {
  constructor(name, dir) {
    this.name = name;
    this.dir = dir;
  }

  path(...parts) {
    return join(this.dir, ...parts);
  }

  read(file) {
    return readFile(this.path(file), 'utf8');
  }

  write(file, text) {
    return writeFile(this.path(file), text);
  }

  /** A copy where no folder above has a node_modules. */
  async outside() {
    const dir = await mkdtemp(join(tmpdir(), 'tokenward-packaging-'));
    process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
    await cp(this.dir, dir, { recursive: true });
    return new App(this.name, dir);
  }

  /** Runs a program in the app's folder to its end and gives what it wrote; an exit code but 0 is an error. */
  async run(program, args, env = {}) {
    const child = this.start(program, args, env);
    const timer = setTimeout(() => child.kill('SIGKILL'), STEP_LIMIT);
    const { code, output, stdout, stderr } = await child.done.finally(() => clearTimeout(timer));
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} in ${this.name} ended with ${code}:\n${output}`);
    return { output, stdout, stderr };
  }

  /** Runs Node in the app's folder. */
  node(args, env) {
    return this.run(process.execPath, args, env);
  }

  /** Starts a program in the app's folder. `done` resolves when it ends; `stop()` ends it and gives the same. */
  start(program, args, env = {}) {
    const child = spawn(program, args, {
      cwd: this.dir,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, npm_config_loglevel: 'error', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { output: '', stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (chunk) => {
        texts[stream] += chunk;
        texts.output += chunk;
      });
    }
    const atExit = () => child.kill('SIGKILL');
    process.once('exit', atExit);
    child.done = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code: code ?? signal, ...texts }));
    }).finally(() => process.off('exit', atExit));
    child.done.catch(() => {});
    child.written = () => texts.output;
    child.stop = async () => {
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
      return child.done.finally(() => clearTimeout(forced));
    };
    return child;
  }
}
