// A token proxy: for providers that ask a browser app for a client secret, which it cannot keep. It adds the secret of one
// client at one token endpoint, for the pages of one origin, and passes on nothing else: it is no open relay.
//
//   createServer(createTokenProxy({ tokenEndpoint, clientId, clientSecret, redirectUri, origin })).listen(3000)
//
// What it does not do: it does not know the user, and `Origin` keeps out other web pages, not other programs. A stolen
// refresh token can be used through it. Limit the rate in front of it, and never log bodies.

const FIELDS = { authorization_code: ['code', 'redirect_uri', 'code_verifier'], refresh_token: ['refresh_token', 'scope'] };
const MOST = 16 * 1024;

export function createTokenProxy({ tokenEndpoint, clientId, clientSecret, redirectUri, origin, basic = false }) {
  return async (req, res) => {
    const { socket } = req;
    const reply = (status, body, type = 'application/json') =>
      res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', Vary: 'Origin', 'X-Content-Type-Options': 'nosniff',
        ...(req.headers.origin === origin && { 'Access-Control-Allow-Origin': origin }) }).end(body);
    const refuse = (status, error) => reply(status, JSON.stringify({ error }));
    try {
      if (req.headers.origin !== origin) return refuse(403, 'access_denied');
      if (req.method !== 'POST') return refuse(405, 'invalid_request');
      if (!/^application\/x-www-form-urlencoded(;|$)/i.test(req.headers['content-type'] ?? '')) return refuse(415, 'invalid_request');
      let text = '';
      for await (const chunk of req.setEncoding('utf8')) {
        // Node would read on to the end of it, to use the connection again.
        if ((text += chunk).length > MOST) return refuse(413, 'invalid_request').once('finish', () => socket.destroy());
      }
      const given = new URLSearchParams(text);
      const grant = given.get('grant_type');
      const fields = Object.hasOwn(FIELDS, grant) ? FIELDS[grant] : undefined;
      if (!fields) return refuse(400, 'unsupported_grant_type');
      if (given.get('client_id') !== clientId) return refuse(400, 'unauthorized_client');
      if (grant === 'authorization_code' && given.get('redirect_uri') !== redirectUri) return refuse(400, 'invalid_request');
      const form = new URLSearchParams({ grant_type: grant });
      for (const name of fields) if (given.has(name)) form.set(name, given.get(name));
      const headers = { Accept: 'application/json' };
      if (basic) headers.Authorization = `Basic ${btoa(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`)}`;
      else for (const [name, value] of Object.entries({ client_id: clientId, client_secret: clientSecret })) form.set(name, value);
      const answer = await fetch(tokenEndpoint, { method: 'POST', body: form, headers, redirect: 'error', signal: AbortSignal.timeout(15_000) });
      return reply(answer.status, await answer.text(), answer.headers.get('content-type') ?? 'application/json');
    } catch {
      return res.headersSent ? res.destroy() : refuse(502, 'temporarily_unavailable');
    }
  };
}
