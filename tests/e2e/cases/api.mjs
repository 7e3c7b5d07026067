import assert from 'node:assert/strict';
import { scenario } from '../case.mjs';
import { gate } from '../stage.mjs';

/** Makes the server forget the access token the page has; its refresh token stays good. */
async function forgetAccessToken(stage) {
  const value = await stage.run(() => auth.getToken());
  const token = await stage.world.provider.AccessToken.find(value);
  await token.destroy();
  return value;
}

const statuses = (counts) => counts.log.filter(({ kind }) => kind === 'api').map(({ status }) => status).sort();

scenario('S11: 401 from the API: one refresh, one retry', async (stage) => {
  await stage.signIn();
  await forgetAccessToken(stage);
  const status = await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status);
  assert.equal(status, 200);
  assert.deepEqual(statuses(stage.counts), [200, 401]);
  assert.equal(stage.counts.grants.refresh_token, 1);
});

scenario('401 for 20 parallel calls: one refresh for all', async (stage) => {
  await stage.signIn();
  await forgetAccessToken(stage);
  const all = await stage.run(async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, () => auth.fetch(`${setup.apiUrl}/me`)));
    return responses.map(({ status }) => status);
  });
  assert.deepEqual([...new Set(all)], [200]);
  assert.equal(stage.counts.grants.refresh_token, 1);
  assert.equal(stage.counts.where({ kind: 'api', status: 401 }).length, 20);
});

scenario('an API that always says 401: one retry, then its answer is the result', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('api', { status: 401, body: { error: 'no' } });
  const { status, body } = await stage.run(async () => {
    const response = await auth.fetch(`${setup.apiUrl}/me`);
    return { status: response.status, body: await response.json() };
  });
  assert.equal(status, 401);
  assert.deepEqual(body, { error: 'no' });
  assert.equal(stage.counts.api, 2);
  assert.equal(stage.counts.grants.refresh_token, 1);
});

scenario('a POST with a body is sent again whole after a 401', async (stage) => {
  await stage.signIn();
  await forgetAccessToken(stage);
  const note = await stage.run(async () => {
    const response = await auth.fetch(`${setup.apiUrl}/notes`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ text: 'remember' }),
    });
    return response.json();
  });
  assert.equal(note.text, 'remember');
});

scenario('J09: an origin or path that is not listed is refused before anything is sent', async (stage) => {
  await stage.signIn({ apis: [`${stage.world.apiUrl}/notes`] });
  stage.counts.reset();
  const { apiUrl, issuer } = stage.world;
  const refused = [
    `${apiUrl}/me`,
    `${apiUrl}/notesandmore`,
    `${apiUrl}/notes/..%2fme`,
    `${apiUrl}/notes/../me`,
    `${issuer}/userinfo`,
    `${apiUrl.replace('localhost', 'localhost.evil.test')}/notes`,
    '/notes',
  ];
  for (const url of refused) {
    const error = await stage.refused((target) => auth.fetch(target), url);
    assert.equal(error.code, 'api_not_allowed', url);
  }
  assert.equal(stage.counts.log.length, 0);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/notes`)).status), 200);
});

scenario('J09: an API that redirects is refused, wherever it leads', async (stage) => {
  await stage.signIn();
  for (const path of ['/moved', '/moved-away']) {
    const error = await stage.refused((target) => auth.fetch(setup.apiUrl + target), path);
    assert.equal(error.code, 'api_redirected', path);
  }
  assert.equal(stage.counts.api, 2);
  assert.equal(stage.counts.userinfo, 0);
});

scenario('a streamed answer can be read as a stream', async (stage) => {
  await stage.signIn();
  const lines = await stage.run(async () => {
    const response = await auth.fetch(`${setup.apiUrl}/stream`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text.trim().split('\n').length;
      text += value;
    }
  });
  assert.equal(lines, 5);
});

scenario('abort works as in fetch', async (stage) => {
  await stage.signIn();
  const held = gate();
  stage.world.faults.add('api', { delay: held.opened });
  const error = await stage.refused(async () => {
    const gone = new AbortController();
    setTimeout(() => gone.abort(), 50);
    await auth.fetch(`${setup.apiUrl}/me`, { signal: gone.signal });
  });
  held.open();
  assert.equal(error.name, 'AbortError');
});

scenario('userinfo: the claims of the user who is signed in', async (stage) => {
  await stage.signIn();
  const claims = await stage.run(() => auth.userinfo());
  assert.equal(claims.sub, 'ada');
  assert.equal(claims.email, 'ada@example.com');
  assert.equal(stage.counts.userinfo, 1);
});

scenario('userinfo that is refused says why, in the words of the server', async (stage) => {
  await stage.signIn({ engine: 'whole' });
  const headers = {
    'WWW-Authenticate': 'Basic realm="a, b", Bearer error="insufficient_scope", error_description="ask for profile"',
  };
  stage.world.faults.add('userinfo', { status: 403, headers });
  const error = await stage.refused(() => auth.userinfo());
  assert.equal(error.code, 'userinfo_refused');
  assert.equal(error.oauthError, 'insufficient_scope');
  assert.equal(error.description, 'ask for profile');
});

scenario('S01: userinfo of somebody else is refused', async (stage) => {
  await stage.signIn();
  stage.world.faults.add('userinfo', { rewrite: (claims) => ({ ...claims, sub: 'grace' }) });
  const error = await stage.refused(() => auth.userinfo());
  assert.equal(error.code, 'userinfo_subject');
  assert.equal(await stage.status(), 'signed-in');
});
