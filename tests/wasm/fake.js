// A host that records what it is told, and a network that answers as the test says. Only for faults and
// details that a real server will not produce; the real server has a suite of its own.

// The parts of the shell that are the package's, as they ship.
const { createLimit } = await import('/pkg/dist/limit.js');
const { verify } = await import('/pkg/dist/verify.js');

const realFetch = globalThis.fetch;

export function host() {
  const log = { settled: new Map(), sessions: [], tokens: [], events: [], cleaned: [], waits: [], rested: 0 };
  const stored = new Map();
  let kept;
  return {
    log,
    stored,
    /** Who hears how a job of `keep` went. */
    connect: (answer) => (kept = answer),
    keep: (job, verb, key, record) => {
      const found = stored.get(key);
      if (verb === 'store') stored.set(key, record);
      else stored.delete(key);
      kept(job, 'done', found, stored.size ? '' : undefined);
    },
    wake: (after) => log.waits.push(after),
    rest: () => (log.rested += 1),
    limit: createLimit,
    verify,
    settle: (op, ok, value) => log.settled.set(op, [...(log.settled.get(op) ?? []), { ok, value }]),
    session: (snapshot) => log.sessions.push(snapshot),
    token: (...token) => log.tokens.push(token),
    event: (type, detail) => log.events.push([type, detail]),
    cleanUrl: (url) => log.cleaned.push(url),
    poison: () => {},
  };
}

/** How operation `op` settled, as JSON; waits for it. More than one answer is an error. */
export async function settled(host, op) {
  const until = Date.now() + 15_000;
  while (!host.log.settled.has(op)) {
    if (Date.now() > until) throw new Error(`operation ${op} does not settle`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  const answers = host.log.settled.get(op);
  if (answers.length !== 1) throw new Error(`operation ${op} settled ${answers.length} times`);
  return JSON.stringify(answers[0]);
}

export function isOpen(host, op) {
  return !host.log.settled.has(op);
}

/** Tells `answer` how the jobs of `keep` go. */
export function connect(host, answer) {
  host.connect(answer);
}

/** The one record that is stored. */
export function stored(host) {
  if (host.stored.size !== 1) throw new Error(`${host.stored.size} records are stored`);
  return [...host.stored.values()][0];
}

export function countStored(host) {
  return host.stored.size;
}

export function logged(host, what) {
  return JSON.stringify(host.log[what]);
}

/** Whether the claims of the last session are a plain object and nothing more. */
export function hasPlainClaims(host) {
  const { claims } = host.log.sessions.at(-1);
  return Object.getPrototypeOf(claims) === Object.prototype && claims.admin === undefined;
}

const b64 = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const json = (value, status = 200) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

/** Replaces fetch by a server with a fresh RSA key. What was asked is in `asked`. */
export async function network(nonce) {
  const parameters = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  const pair = await crypto.subtle.generateKey(parameters, true, ['sign', 'verify']);
  const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'k1', use: 'sig' };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'https://id.example.com', aud: 'spa', sub: 'ada', nonce, iat: now, exp: now + 300, name: 'Ada', ['__proto__']: { admin: true } };
  const input = [{ alg: 'RS256', kid: 'k1' }, claims].map((part) => b64(new TextEncoder().encode(JSON.stringify(part)))).join('.');
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', pair.privateKey, new TextEncoder().encode(input));
  const asked = [];
  globalThis.fetch = async (request) => {
    asked.push({
      url: request.url, method: request.method, credentials: request.credentials, redirect: request.redirect,
      cache: request.cache, referrerPolicy: request.referrerPolicy, keepalive: request.keepalive,
      headers: [...request.headers].sort(), body: await request.text(),
    });
    if (request.url.endsWith('/jwks')) return json({ keys: [jwk] });
    return json({
      access_token: 'at-1', token_type: 'bearer', expires_in: 300, refresh_token: 'rt-1', id_token: `${input}.${b64(signature)}`,
    });
  };
  return { asked };
}

/** Replaces fetch by one that never answers until its signal is aborted. */
export function silence() {
  const state = { aborted: false };
  globalThis.fetch = (request) =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        state.aborted = true;
        reject(request.signal.reason);
      });
    });
  return state;
}

/** Replaces fetch by one whose body never comes, and does not care about the signal. */
export function deafness() {
  const state = { aborted: false };
  globalThis.fetch = async (request) => {
    request.signal.addEventListener('abort', () => (state.aborted = true));
    return new Response(new ReadableStream({}), { headers: { 'content-type': 'application/json' } });
  };
  return state;
}

/** Replaces fetch by one whose body never ends. */
export function flood() {
  const state = { chunks: 0, aborted: false };
  globalThis.fetch = async (request) => {
    request.signal.addEventListener('abort', () => (state.aborted = true));
    const body = new ReadableStream({
      pull(controller) {
        state.chunks += 1;
        controller.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };
  return state;
}

export function restore() {
  globalThis.fetch = realFetch;
}

export function show(value) {
  return JSON.stringify(value);
}
