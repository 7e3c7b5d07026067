// One request as the rest reads it, and one answer as it goes out.

const KINDS = {
  '/.well-known/openid-configuration': 'discovery',
  '/.well-known/oauth-authorization-server': 'discovery',
  '/jwks': 'jwks',
  '/authorize': 'authorize',
  '/token': 'token',
  // The fixed paths of a server that one of the peers is made for.
  '/oauth/token': 'token',
  '/.well-known/jwks.json': 'jwks',
  '/userinfo': 'userinfo',
  '/device': 'device',
  '/revoke': 'revocation',
  '/logout': 'logout',
};

const LIMIT = 1024 * 1024;

export async function read(req, provider) {
  const url = new URL(req.url, provider.origin);
  const form = new URLSearchParams(await body(req));
  const grant = form.get('grant_type') ?? undefined;
  const kind = req.method === 'OPTIONS' ? 'preflight' : (KINDS[url.pathname] ?? (url.pathname.startsWith('/api') ? 'api' : 'other'));
  const [scheme, token] = (req.headers.authorization ?? '').split(' ');
  const bearer = scheme.toLowerCase() === 'bearer' ? token : undefined;
  const entry = {
    kind,
    grant,
    method: req.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    form: Object.fromEntries(form),
    bearer,
    origin: req.headers.origin,
    cookie: req.headers.cookie,
  };
  return { kind, grant, url, form, bearer, origin: req.headers.origin, entry, request: req };
}

async function body(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length > LIMIT) throw new Error('request too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Status and headers, so that a fault can send another body. */
export function head(res, answer, exchange, more = {}) {
  res.statusCode = answer.status;
  // A browser sends a request again by itself when a connection that it used before breaks: one request each.
  res.setHeader('Connection', 'close');
  res.setHeader('Cache-Control', 'no-store');
  if (answer.cors !== false && exchange.origin) {
    res.setHeader('Access-Control-Allow-Origin', exchange.origin);
    // One of the peers asks with credentials.
    res.setHeader('Access-Control-Allow-Credentials', 'true');
    res.setHeader('Access-Control-Allow-Headers', 'authorization, content-type, auth0-client');
    res.setHeader('Access-Control-Allow-Methods', 'GET, POST');
    res.setHeader('Access-Control-Expose-Headers', 'Retry-After, WWW-Authenticate');
    res.setHeader('Vary', 'Origin');
  }
  if (answer.json !== undefined) res.setHeader('Content-Type', 'application/json');
  for (const [name, value] of Object.entries({ ...answer.headers, ...more })) {
    if (value === undefined) res.removeHeader(name);
    else res.setHeader(name, value);
  }
}

/** The body an answer has. */
export function octets(answer) {
  if (answer.body !== undefined) return answer.body;
  return answer.json === undefined ? '' : JSON.stringify(answer.json);
}

export function send(res, answer, exchange) {
  if (answer.redirect) {
    head(res, { ...answer, status: 303 }, exchange, { Location: location(answer.redirect) });
    return void res.end();
  }
  head(res, answer, exchange);
  res.end(octets(answer));
}

/** Where an authorization response leads. `params` are pairs, or text that is taken as it is. */
export function location({ uri, params, mode }) {
  const text = params.map((pair) => (typeof pair === 'string' ? pair : new URLSearchParams([pair]).toString())).join('&');
  if (mode === 'fragment') return `${uri}#${text}`;
  return `${uri}${uri.includes('?') ? '&' : '?'}${text}`;
}
