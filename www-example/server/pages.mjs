// The web server of the pages: files with the right types, a strict Content-Security-Policy, and the demo's own
// switches under /demo/.

import { readFile, stat } from 'node:fs/promises';
import { extname, join, relative, resolve, isAbsolute } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * @typedef {object} Mount one folder of files
 * @property {string} dir
 * @property {boolean} [spa] answer unknown paths with the folder's index.html
 * @property {Record<string, string>} [headers] laid over the usual ones
 */

/**
 * @param {object} options
 * @param {Record<string, string | Mount | ((req, res, url: URL) => unknown)>} options.mounts by path prefix,
 *   each beginning and ending with a slash; the longest wins
 * @param {() => string} options.csp
 * @param {() => object} options.config what /config.json answers
 * @param {Record<string, (body: any) => unknown>} options.controls what POST /demo/<name> does
 * @returns {import('node:http').RequestListener}
 */
export function createPages({ mounts, csp, config, controls }) {
  const prefixes = Object.keys(mounts).sort((a, b) => b.length - a.length);

  return async (req, res) => {
    try {
      await serve(req, res);
    } catch (error) {
      if (!res.headersSent) text(res, 500, error.message);
      else res.destroy();
    }
  };

  async function serve(req, res) {
    const url = new URL(req.url, `http://${req.headers.host}`);
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    res.setHeader('Referrer-Policy', 'no-referrer');
    if (csp()) res.setHeader('Content-Security-Policy', csp());

    if (url.pathname === '/config.json') {
      json(res, 200, config());
      return;
    }
    if (url.pathname.startsWith('/demo/')) {
      await control(req, res, url);
      return;
    }
    if (url.pathname === '/favicon.ico') {
      res.writeHead(204).end();
      return;
    }
    if (prefixes.includes(`${url.pathname}/`)) {
      res.writeHead(301, { Location: `${url.pathname}/${url.search}` }).end();
      return;
    }
    const prefix = prefixes.find((candidate) => url.pathname.startsWith(candidate));
    if (prefix === undefined) {
      text(res, 404, 'not found');
      return;
    }
    const mount = mounts[prefix];
    if (typeof mount === 'function') {
      await mount(req, res, url);
      return;
    }
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      text(res, 405, 'only GET here');
      return;
    }
    await file(req, res, url, prefix, typeof mount === 'string' ? { dir: mount } : mount);
  }

  async function file(req, res, url, prefix, { dir, spa = false, headers = {} }) {
    const root = resolve(dir);
    const path = resolve(root, decodeURIComponent(url.pathname.slice(prefix.length)));
    const inside = relative(root, path);
    if (inside.startsWith('..') || isAbsolute(inside)) {
      text(res, 404, 'not found');
      return;
    }
    let found = path;
    let info = await stat(found).catch(() => undefined);
    if (info?.isDirectory()) {
      if (!url.pathname.endsWith('/')) {
        res.writeHead(301, { Location: `${url.pathname}/${url.search}` }).end();
        return;
      }
      found = join(found, 'index.html');
      info = await stat(found).catch(() => undefined);
    }
    if (!info && spa && extname(path) === '') {
      found = join(root, 'index.html');
      info = await stat(found).catch(() => undefined);
    }
    if (!info?.isFile()) {
      text(res, 404, 'not found');
      return;
    }
    const body = await readFile(found);
    res.setHeader('Content-Type', TYPES[extname(found)] ?? 'application/octet-stream');
    res.setHeader('Content-Length', body.length);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    res.end(req.method === 'HEAD' ? undefined : body);
  }

  // Only pages of this origin press these switches: a JSON body needs a preflight from anywhere else.
  async function control(req, res, url) {
    const name = url.pathname.slice('/demo/'.length);
    const allowed = req.method === 'POST' && (req.headers['content-type'] ?? '').startsWith('application/json');
    if (!allowed || !Object.hasOwn(controls, name)) {
      text(res, 404, 'no such switch');
      return;
    }
    const chunks = [];
    for await (const chunk of req) chunks.push(chunk);
    json(res, 200, (await controls[name](JSON.parse(Buffer.concat(chunks).toString() || '{}'))) ?? {});
  }
}

function json(res, status, body) {
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(body));
}

function text(res, status, body) {
  res.statusCode = status;
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.end(body);
}
