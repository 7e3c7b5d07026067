// What stands in front of the provider and the API: it reads each request whole, counts it, lets it meet its
// fault, and only then hands it on.

import { IncomingMessage } from 'node:http';
import { pause } from './faults.mjs';

// What a provider is sent is small; an API may be sent files.
const BODY_LIMIT = 64 * 1024;
const API_BODY_LIMIT = 256 * 1024 * 1024;

/**
 * @param {object} options
 * @param {(method: string, path: string) => string} options.classify names the kind of a request
 * @param {import('node:http').RequestListener} options.handler the server behind the gate
 * @param {ReturnType<import('./counts.mjs').createCounts>} options.counts
 * @param {ReturnType<import('./faults.mjs').createFaults>} options.faults
 * @param {boolean} options.keepAlive
 * @returns {import('node:http').RequestListener}
 */
export function createGate({ classify, handler, counts, faults, keepAlive }) {
  return async (req, res) => {
    try {
      await pass(req, res);
    } catch {
      req.socket.destroy();
    }
  };

  async function pass(req, res) {
    const url = new URL(req.url, 'http://localhost');
    const kind = classify(req.method, url.pathname);
    const body = await readBody(req, kind === 'api' ? API_BODY_LIMIT : BODY_LIMIT);
    const grant = kind === 'token' ? (new URLSearchParams(body.toString()).get('grant_type') ?? undefined) : undefined;
    const entry = counts.add({
      at: Date.now(),
      kind,
      grant,
      method: req.method,
      path: url.pathname,
      query: url.searchParams,
      origin: req.headers.origin,
      status: undefined,
      fault: false,
    });
    res.once('finish', () => {
      entry.status = res.statusCode;
      counts.touch();
    });

    // A browser sends a request again by itself, POST too, when a connection it used before breaks before the
    // answer begins. With one connection per request a dropped answer is seen by the page, and counts are exact.
    if (!keepAlive) res.setHeader('Connection', 'close');

    const fault = faults.take({
      kind,
      grant,
      url,
      get body() {
        return body.toString();
      },
    });
    if (fault) {
      entry.fault = true;
      if (fault.delay !== undefined) await pause(fault.delay);
      if (fault.drop === 'request') return void req.socket.destroy();
      if (fault.status !== undefined) return void answer(req, res, fault);
      if (fault.drop !== undefined || fault.rewrite || fault.delayAnswer !== undefined) {
        holdAnswer(res, async (bytes) => {
          if (fault.delayAnswer !== undefined) await pause(fault.delayAnswer);
          if (fault.drop === 'answer') {
            req.socket.destroy();
            return undefined;
          }
          if (fault.drop === 'body') {
            res.setHeader('Content-Length', Math.max(bytes.length, 2));
            res.flushHeaders();
            req.socket.write(bytes.subarray(0, bytes.length >> 1), () => req.socket.destroy());
            return undefined;
          }
          return fault.rewrite ? Buffer.from(JSON.stringify(fault.rewrite(JSON.parse(bytes.toString())))) : bytes;
        });
      }
    }
    handler(replay(req, body), res);
  }
}

async function readBody(req, limit) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length > limit) throw new Error('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The same request with its body still to be read. */
function replay(req, body) {
  const copy = new IncomingMessage(req.socket);
  for (const member of ['method', 'url', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor', 'rawHeaders', 'headers']) {
    copy[member] = req[member];
  }
  copy.complete = true;
  if (body.length > 0) copy.push(body);
  copy.push(null);
  return copy;
}

function answer(req, res, { status, retryAfter, headers = {}, body = '', cors = true }) {
  res.statusCode = status;
  if (cors && req.headers.origin) {
    res.setHeader('Access-Control-Allow-Origin', req.headers.origin);
    res.setHeader('Access-Control-Expose-Headers', 'Retry-After, WWW-Authenticate, DPoP-Nonce');
    res.setHeader('Vary', 'Origin');
  }
  res.setHeader('Content-Type', typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json');
  res.setHeader('Cache-Control', 'no-store');
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Keeps what a handler writes until it has ended, then sends what `finish` returns, or nothing. */
function holdAnswer(res, finish) {
  const chunks = [];
  const end = res.end;
  const keep = (chunk, encoding) => {
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') {
      chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8'));
    }
  };
  res.write = (chunk, encoding) => {
    keep(chunk, encoding);
    return true;
  };
  res.end = (chunk, encoding) => {
    keep(chunk, encoding);
    Promise.resolve(finish(Buffer.concat(chunks))).then(
      (bytes) => {
        if (!bytes) return;
        res.setHeader('Content-Length', bytes.length);
        end.call(res, bytes);
      },
      () => res.socket?.destroy(),
    );
    return res;
  };
}
