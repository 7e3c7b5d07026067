// An authorization server that does what it is told, wrong things above all. Honest until `does()` gives it faults;
// built on jose for everything about keys and signatures. Never shipped.

import { randomBytes } from 'node:crypto';
import { listen } from '../../../www-example/server/listen.mjs';
import { send, read } from './exchange.mjs';
import * as honest from './honest.mjs';
import { generateKeys } from './keys.mjs';

/** Seconds an access token lives unless a test says otherwise. */
const LIFETIME = 600;

/**
 * @typedef {object} Fault one thing that goes wrong; faults compose, in the order they were given
 * @property {string | string[]} kind which requests: discovery, jwks, authorize, token, userinfo, revocation, logout,
 *   api, preflight
 * @property {string} [grant] only token requests of this grant type
 * @property {number} [times] how many requests; without it, all until `reset()`
 * @property {(provider: object, exchange: object) => void} [before] changes the server before it acts
 * @property {(exchange: object) => object} [instead] answers in the server's place: it does not act at all
 * @property {(claims: object, exchange: object) => object} [claims] other claims in the ID token
 * @property {(header: object, exchange: object) => object} [header] another JOSE header
 * @property {(parts: { header: object, payload: string, provider: object }) => Promise<string> | string} [sign] another
 *   signature, or what looks like one
 * @property {(jws: string, exchange: object) => string | undefined} [jws] another text in the place of the ID token
 * @property {(answer: object, exchange: object) => object | void} [answer] another answer: status, headers, json, body,
 *   redirect
 * @property {(res: import('node:http').ServerResponse, answer: object, exchange: object) => unknown} [send] other
 *   octets on the wire, or none
 */

/** Starts the server, and beside it one of another origin that takes anything and notes it. */
export async function startHostileProvider() {
  const provider = new Provider(await generateKeys());
  const front = await listen((req, res) => void provider.serve(req, res).catch(() => req.socket.destroy()));
  const other = await listen((req, res) => void provider.lure(req, res).catch(() => req.socket.destroy()));
  provider.origin = `http://localhost:${front.port}`;
  provider.elsewhere = `http://localhost:${other.port}`;
  provider.stop = async () => {
    await Promise.all([front.close(), other.close()]);
  };
  provider.reset();
  return provider;
}

class Provider {
  origin = '';
  elsewhere = '';

  constructor(keys) {
    this.keys = keys;
  }

  /** With a slash at its end, as some servers have it: nobody may normalise it away. */
  get issuer() {
    return `${this.origin}/`;
  }

  /** An honest server that knows nobody. */
  reset() {
    this.faults = [];
    /** Every request: { kind, grant, method, path, query, form, bearer, origin }. */
    this.log = [];
    /** What came to the other origin. */
    this.lured = [];
    this.codes = new Map();
    this.grants = [];
    this.refreshTokens = new Map();
    this.accessTokens = new Map();
    this.revoked = [];
    this.lifetime = LIFETIME;
    this.rotates = true;
    this.checksPkce = true;
    this.algorithm = 'RS256';
    /** Whether the other origin is this server under another name. */
    this.sameHouse = false;
    this.published = Object.values(this.keys.honest);
    this.minted = 0;
  }

  /** Adds faults to those there are. */
  does(...faults) {
    this.faults.push(...faults.flat().map((fault) => ({ ...fault, left: fault.times ?? Infinity, hits: 0 })));
    return this;
  }

  /** Nothing goes wrong any more; what happened stays. */
  behaves() {
    this.faults = [];
  }

  count(kind, grant) {
    return this.log.filter((entry) => entry.kind === kind && (grant === undefined || entry.grant === grant)).length;
  }

  mint(kind) {
    this.minted += 1;
    return `${kind}.${this.minted}.${randomBytes(12).toString('base64url')}`;
  }

  async serve(req, res) {
    const exchange = await read(req, this);
    this.log.push(exchange.entry);
    const faults = this.#take(exchange);
    for (const fault of faults) await fault.before?.(this, exchange);
    const stand = faults.find((fault) => fault.instead);
    let answer = stand ? stand.instead(exchange) : await honest.answer(exchange, faults, this);
    for (const fault of faults) answer = (await fault.answer?.(answer, exchange)) ?? answer;
    const sender = faults.find((fault) => fault.send);
    if (sender) await sender.send(res, answer, exchange);
    else send(res, answer, exchange);
  }

  /** The other origin: it says yes to everything, and its keys are the attacker's. */
  async lure(req, res) {
    if (this.sameHouse) return this.serve(req, res);
    const exchange = await read(req, this);
    this.lured.push(exchange.entry);
    const json = exchange.kind === 'jwks' ? { keys: [this.keys.evil.publicJwk] } : { evil: true };
    send(res, { status: 200, headers: {}, json, cors: true }, exchange);
  }

  #take({ kind, grant }) {
    const met = this.faults.filter((fault) => {
      if (fault.left <= 0 || ![fault.kind].flat().includes(kind)) return false;
      return fault.grant === undefined || fault.grant === grant;
    });
    for (const fault of met) {
      fault.left -= 1;
      fault.hits += 1;
    }
    return met;
  }
}
