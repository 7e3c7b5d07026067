// What the network, or a server's web server, does to an answer of any kind.

import { head, octets } from '../exchange.mjs';
import { MARK } from './fault.mjs';

/** The connection breaks: before the server acts, or after it acted. */
export const drop = (kind, when = 'after') => ({
  kind,
  ...(when === 'before' && { before: (_, { request }) => { request.socket.destroy(); throw new Error('dropped'); } }),
  send: (_res, _answer, { request }) => request.socket.destroy(),
});

/** Headers, and then nothing for ever. */
export const silence = (kind) => ({
  kind,
  send: (res, answer, exchange) => {
    head(res, answer, exchange);
    res.flushHeaders();
  },
});

/** One octet at a time. */
export const trickle = (kind, every = 200) => ({
  kind,
  send: (res, answer, exchange) => {
    head(res, answer, exchange);
    const bytes = Buffer.from(octets(answer));
    let at = 0;
    const timer = setInterval(() => {
      if (at >= bytes.length || res.destroyed) return void clearInterval(timer), void res.end();
      res.write(bytes.subarray(at, at += 1));
    }, every);
  },
});

/**
 * A body that has no end, as quickly as a good connection brings it: at the speed of this machine WebKitGTK, which
 * reads ahead without bound, gives its pages no turn any more. `counter.sent`: its octets.
 */
export const endless = (kind, counter = {}) => ({
  kind,
  send: (res, answer, exchange) => {
    head(res, answer, exchange);
    counter.sent = 0;
    const chunk = Buffer.alloc(64 * 1024, ' ');
    const timer = setInterval(() => {
      if (res.destroyed) return void clearInterval(timer);
      counter.sent += chunk.length;
      res.write(chunk);
    }, 5);
  },
});

/** The right answer with so many octets of nothing before it. */
export const padded = (kind, size) => ({
  kind,
  answer: (answer) => ({ ...answer, body: `${' '.repeat(size)}${octets(answer)}` }),
});

/** Pages of this origin may not read it; the server acted. */
export const noCors = (kind) => ({ kind, answer: (answer) => ({ ...answer, cors: false }) });

/** Away to another origin, method and body kept. */
export const redirected = (kind, status = 307) => ({
  kind,
  send: (res, answer, exchange) => {
    head(res, { ...answer, status }, exchange, { Location: exchange.entry.elsewhere });
    res.end();
  },
  before: (provider, exchange) => { exchange.entry.elsewhere = `${provider.elsewhere}${exchange.url.pathname}`; },
});

/** Another status, with or without words; the server does not act. */
export const status = (kind, code, { json, body = '', headers = {} } = {}) => ({
  kind,
  instead: () => ({ status: code, headers: { 'Content-Type': 'text/plain', ...headers }, ...(json ? { json } : { body }) }),
});

/** The right JSON under another type. */
export const typed = (kind, type) => ({
  kind,
  answer: (answer) => ({ ...answer, headers: { ...answer.headers, 'Content-Type': type } }),
});

/** The page of a captive portal: the server never hears of the request. */
export const portal = (kind) => ({
  kind,
  instead: () => ({ status: 200, headers: { 'Content-Type': 'text/html' }, body: `<html>${MARK}</html>` }),
});

/** Any text under the type it should have. */
export const says = (kind, body, type = 'application/json') => ({
  kind,
  answer: () => ({ status: 200, headers: { 'Content-Type': type }, body }),
});
