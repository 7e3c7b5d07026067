// A small resource server. It believes nobody: every request needs a bearer token that the provider issued, that
// has not expired and was not revoked. Opaque tokens are looked up at the provider, JWTs (RFC 9068, issued when a
// client asks for this API with `resource`) are verified with the provider's keys.

import { createPublicKey, verify } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { PROOF_ALGORITHMS } from './dpop.mjs';

const MAX_NOTES = 50;
const MAX_BYTES = 1_000_000_000;
const PIECE = 65_536;

/** Names the kind (see counts.mjs) of a request to the API. */
export function classify(method) {
  return method === 'OPTIONS' ? 'apiPreflight' : 'api';
}

/**
 * @param {object} options
 * @param {string} options.apiUrl
 * @param {string} options.issuer
 * @param {Awaited<ReturnType<import('./provider.mjs').createProvider>>} options.provider
 * @param {() => Set<string>} options.origins whose pages may call
 * @param {string} options.elsewhere an address of another origin, for `/moved-away`
 * @param {ReturnType<import('./dpop.mjs').createProofs>} options.proofs for tokens that are bound to a key (RFC 9449)
 * @returns {import('node:http').RequestListener}
 */
export function createApi({ apiUrl, issuer, provider, origins, elsewhere, proofs }) {
  const notes = new Map();

  return async (req, res) => {
    const { pathname, searchParams } = new URL(req.url, apiUrl);
    const origin = req.headers.origin;
    res.setHeader('Vary', 'Origin');
    res.setHeader('Cache-Control', 'no-store');
    if (origin !== undefined && origins().has(origin)) {
      res.setHeader('Access-Control-Allow-Origin', origin);
      res.setHeader('Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After, DPoP-Nonce');
    }
    if (req.method === 'OPTIONS') {
      res.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE');
      res.setHeader('Access-Control-Allow-Headers', 'Authorization, Content-Type, DPoP');
      res.setHeader('Access-Control-Max-Age', '600');
      res.statusCode = 204;
      res.end();
      return;
    }

    const [scheme, token] = (req.headers.authorization ?? '').split(' ');
    const isBound = scheme.toLowerCase() === 'dpop';
    if ((scheme.toLowerCase() !== 'bearer' && !isBound) || !token) {
      refuse(res, 401, `Bearer, DPoP algs="${PROOF_ALGORITHMS}"`);
      return;
    }
    const access = token.split('.').length === 3 ? verifyJwt(token) : await lookUp(token);
    if (!access) {
      refuse(res, 401, 'Bearer error="invalid_token", error_description="unknown, expired or revoked"', 'invalid_token');
      return;
    }

    if (isBound) {
      const proof = req.headers.dpop ?? '';
      const { key, error } = proofs.check({ proof, method: req.method, url: apiUrl + pathname, token });
      if (error === 'use_dpop_nonce') res.setHeader('DPoP-Nonce', proofs.nonce);
      if (!key || key !== access.key) {
        refuse(res, 401, `Bearer, DPoP algs="${PROOF_ALGORITHMS}", error="${error ?? 'invalid_token'}"`, error ?? 'invalid_token');
        return;
      }
    } else if (access.key) {
      refuse(res, 401, `DPoP algs="${PROOF_ALGORITHMS}", error="invalid_token", error_description="it is bound to a key"`, 'invalid_token');
      return;
    }

    const own = notes.get(access.sub) ?? [];
    switch (`${req.method} ${pathname}`) {
      case 'GET /me':
        json(res, 200, { sub: access.sub, scope: access.scope, clientId: access.clientId, expiresIn: access.expiresIn });
        break;
      case 'GET /notes':
        json(res, 200, { notes: own });
        break;
      case 'POST /notes': {
        const text = await readText(req);
        if (text === undefined) {
          json(res, 400, { error: 'send { "text": "…" }' });
          break;
        }
        const note = { id: own.length + 1, text, at: new Date().toISOString() };
        notes.set(access.sub, [...own, note].slice(-MAX_NOTES));
        json(res, 201, note);
        break;
      }
      case 'GET /bytes':
        await sendBytes(res, Math.min(Number(searchParams.get('size')) || 0, MAX_BYTES));
        break;
      case 'POST /bytes':
        json(res, 200, await countBytes(req));
        break;
      case 'GET /moved':
        res.writeHead(302, { Location: `${apiUrl}/me` }).end();
        break;
      case 'GET /moved-away':
        res.writeHead(302, { Location: elsewhere }).end();
        break;
      case 'GET /stream':
        res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
        for (let line = 1; line <= 5 && !res.destroyed; line += 1) {
          res.write(`${JSON.stringify({ line, of: 5 })}\n`);
          await wait(100);
        }
        res.end();
        break;
      case 'GET /forbidden':
        refuse(res, 403, 'Bearer error="insufficient_scope", scope="admin"', 'insufficient_scope');
        break;
      default:
        json(res, 404, { error: 'not_found' });
    }
  };

  async function lookUp(value) {
    const token = await provider.current.AccessToken.find(value);
    if (!token || token.isExpired) return undefined;
    return { sub: token.accountId, scope: token.scope, clientId: token.clientId, expiresIn: token.remainingTTL, key: token.jkt };
  }

  function verifyJwt(value) {
    try {
      const [head, body, signature] = value.split('.');
      const header = JSON.parse(Buffer.from(head, 'base64url'));
      if (header.alg !== 'RS256' || header.typ !== 'at+jwt') return undefined;
      const jwk = provider.jwks.keys.find(({ alg }) => alg === 'RS256');
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))) return undefined;
      const claims = JSON.parse(Buffer.from(body, 'base64url'));
      const now = Math.floor(Date.now() / 1000);
      if (claims.iss !== issuer || claims.aud !== apiUrl || !(claims.exp > now)) return undefined;
      const { sub, scope, client_id: clientId, exp, cnf } = claims;
      return { sub, scope, clientId, expiresIn: exp - now, key: cnf?.jkt };
    } catch {
      return undefined;
    }
  }
}

function refuse(res, status, challenge, error = 'unauthorized') {
  res.setHeader('WWW-Authenticate', challenge);
  json(res, status, { error });
}

function json(res, status, body) {
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify(body));
}

/** So many octets, as fast as they are taken; each piece is filled with its number. */
async function sendBytes(res, size) {
  res.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  for (let sent = 0; sent < size && !res.destroyed; sent += PIECE) {
    const piece = Buffer.alloc(Math.min(PIECE, size - sent), (sent / PIECE) % 251);
    if (!res.write(piece)) await new Promise((resolve) => res.once('drain', resolve).once('close', resolve));
  }
  res.end();
}

/** How many octets came, their sum, and what they are said to be. */
async function countBytes(req) {
  let size = 0;
  let sum = 0;
  for await (const chunk of req) {
    size += chunk.length;
    for (const byte of chunk) sum += byte;
  }
  return { size, sum, type: req.headers['content-type'] ?? null };
}

async function readText(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  try {
    const { text } = JSON.parse(Buffer.concat(chunks).toString());
    return typeof text === 'string' && text.length > 0 && text.length <= 500 ? text : undefined;
  } catch {
    return undefined;
  }
}
