// The tarball that npm would publish: packed when it is older than pkg/, and read as it is.

import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Where everything is made; a folder in here is one app. */
export const WORK = join(ROOT, 'target/packaging');

const PKG = join(ROOT, 'pkg');
const PACKED = join(ROOT, 'target/package');
const BLOCK = 512;

const execute = promisify(execFile);

/**
 * The tarball of pkg/, copied to where nobody replaces it during the run.
 *
 * @returns {Promise<{ path: string, bytes: Buffer, files: Map<string, Buffer> }>} `files` without the leading `package/`
 */
export async function takeTarball() {
  const packed = (await packedSince(await newest(PKG))) ?? (await pack());
  const bytes = await readFile(packed);
  const path = join(WORK, 'tokenward.tgz');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return { path, bytes, files: entries(bytes) };
}

async function packedSince(time) {
  const names = await readdir(PACKED).catch(() => []);
  for (const name of names.filter((candidate) => candidate.endsWith('.tgz'))) {
    const path = join(PACKED, name);
    if ((await stat(path)).mtimeMs > time) return path;
  }
  return undefined;
}

async function pack() {
  await rm(PACKED, { recursive: true, force: true });
  await mkdir(PACKED, { recursive: true });
  await execute('npm', ['pack', '--loglevel=error', '--pack-destination', PACKED], { cwd: PKG });
  const [name] = await readdir(PACKED);
  return join(PACKED, name);
}

async function newest(dir) {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => {
    throw new Error('there is no package in pkg/: run `cargo xtask build` first');
  });
  const files = entries.filter((entry) => entry.isFile());
  const times = files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).mtimeMs);
  return Math.max(...(await Promise.all(times)));
}

/** The files of a tar archive as npm writes it. Anything but a file is an error: packages hold nothing else. */
function entries(tarball) {
  const tar = gunzipSync(tarball);
  const files = new Map();
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const text = (from, length) => tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const [name, size, type, prefix] = [text(0, 100), parseInt(text(124, 12), 8), text(156, 1), text(345, 155)];
    const path = prefix ? `${prefix}/${name}` : name;
    if (type !== '0' && type !== '') throw new Error(`${path} in the tarball is not a plain file`);
    if (!path.startsWith('package/')) throw new Error(`${path} in the tarball is not below package/`);
    files.set(path.slice('package/'.length), tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
