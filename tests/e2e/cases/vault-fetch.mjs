// Requests that are made in the vault.

import assert from 'node:assert/strict';
import { browser, scenario } from '../case.mjs';
import { gate } from '../stage.mjs';
import { KINDS, signInTo } from '../vault.mjs';

const HIDDEN = { exposeAccessToken: false };

/** Makes the server forget all access tokens; the refresh token stays good. */
const forgetTokens = async (stage, recorded) => {
  for (const { access_token: value } of recorded) await (await stage.world.provider.AccessToken.find(value))?.destroy();
};

/** What the provider hands out from now on. */
const record = (stage) => {
  const answers = [];
  stage.world.faults.add('token', { rewrite: (answer) => answers.push(answer) && answer });
  return answers;
};

for (const [vault, kind] of Object.entries(KINDS)) {
  scenario(`fetch in a ${kind}: 401 for 20 parallel calls: one refresh, one retry each, bodies whole`, async (stage) => {
    const answers = record(stage);
    await signInTo(stage, vault, HIDDEN);
    await forgetTokens(stage, answers);
    stage.counts.reset();
    const found = await stage.run(async () => {
      const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => auth.fetch(`${setup.apiUrl}/bytes`, { method: 'POST', body: 'x'.repeat(i + 1) })));
      return Promise.all(responses.map(async (response) => [response.status, (await response.json()).size]));
    });
    assert.deepEqual(found, Array.from({ length: 20 }, (_, i) => [200, i + 1]));
    assert.equal(stage.counts.grants.refresh_token, 1);
    assert.equal(stage.counts.where({ kind: 'api', status: 401 }).length, 20);
  });

  scenario(`fetch in a ${kind}: every kind of body arrives`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    const found = await stage.run(async () => {
      const send = async (body, more = {}) => {
        const { size, sum, type } = await (await auth.fetch(`${setup.apiUrl}/bytes`, { method: 'POST', body, ...more })).json();
        return [size, sum, type && type.replace(/boundary=.*/, 'boundary')];
      };
      const form = new FormData();
      form.set('name', 'value');
      form.set('file', new File(['12345'], 'a.txt', { type: 'text/plain' }));
      const big = new Uint8Array(3_000_000).fill(1);
      let left = 20;
      const stream = () => new ReadableStream({
        pull: (controller) => {
          if (left-- > 0) controller.enqueue(new Uint8Array(100_000).fill(1));
          else controller.close();
        },
      });
      return {
        text: await send('abc'),
        params: await send(new URLSearchParams('a=b')),
        buffer: await send(Uint8Array.of(1, 2, 3).buffer),
        blob: await send(new Blob([big], { type: 'image/png' })),
        stream: await send(stream(), { duplex: 'half' }),
        request: await (await auth.fetch(new Request(`${setup.apiUrl}/bytes`, { method: 'POST', body: 'of a request' }))).json(),
        form: (await send(form)).slice(2),
      };
    });
    assert.deepEqual(found, {
      text: [3, 294, 'text/plain;charset=UTF-8'],
      params: [3, 97 + 61 + 98, 'application/x-www-form-urlencoded;charset=UTF-8'],
      buffer: [3, 6, null],
      blob: [3_000_000, 3_000_000, 'image/png'],
      stream: [2_000_000, 2_000_000, null],
      request: { size: 12, sum: found.request.sum, type: 'text/plain;charset=UTF-8' },
      form: ['multipart/form-data; boundary'],
    });
  });

  scenario(`fetch in a ${kind}: a download is as fast as its reader`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    const SIZE = 20_000_000;
    const found = await stage.run(async (size) => {
      const response = await auth.fetch(`${setup.apiUrl}/bytes?size=${size}`);
      const { status, url, redirected, type } = response;
      const reader = response.body.getReader();
      let read = 0;
      let most = 0;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        most = Math.max(most, value.length);
        if (value[0] !== Math.floor(read / 65_536) % 251) throw new Error(`another octet at ${read}`);
        read += value.length;
      }
      return { status, url, redirected, type, read, most };
    }, SIZE);
    const { most, ...rest } = found;
    assert.deepEqual(rest, { status: 200, url: `${stage.world.apiUrl}/bytes?size=${SIZE}`, redirected: false, type: 'cors', read: SIZE });
    // WebKit fetches as fast as it can, whoever reads.
    if (browser() !== 'webkit') assert.ok(most < 5_000_000, `${most}`);
  });

  scenario(`fetch in a ${kind}: a reader that stops stops the server`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    const size = browser() === 'webkit' ? 30_000_000 : 1_000_000_000;
    const name = await stage.run(async (size) => {
      const gone = new AbortController();
      const response = await auth.fetch(`${setup.apiUrl}/bytes?size=${size}`, { signal: gone.signal });
      const reader = response.body.getReader();
      await reader.read();
      setTimeout(() => gone.abort());
      for (;;) {
        const step = await reader.read().catch((error) => ({ error }));
        if (step.error) return step.error.name;
        if (step.done) return 'done';
      }
    }, size);
    assert.equal(name, 'AbortError');
    const cancelled = await stage.run(async (size) => {
      const response = await auth.fetch(`${setup.apiUrl}/bytes?size=${size}`);
      const reader = response.body.getReader();
      await reader.read();
      await reader.cancel();
      return (await auth.fetch(`${setup.apiUrl}/me`)).status;
    }, size);
    assert.equal(cancelled, 200);
  });

  scenario(`fetch in a ${kind}: abort works as in fetch`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    const held = gate();
    stage.world.faults.add('api', { delay: held.opened });
    const error = await stage.refused(async () => {
      const gone = new AbortController();
      setTimeout(() => gone.abort(), 50);
      await auth.fetch(`${setup.apiUrl}/me`, { signal: gone.signal });
    });
    held.open();
    assert.equal(error.name, 'AbortError');
    const before = await stage.refused(() => auth.fetch(`${setup.apiUrl}/me`, { signal: AbortSignal.abort() }));
    assert.equal(before.name, 'AbortError');
  });

  scenario(`fetch in a ${kind}: the network's failure is a TypeError, the server's answer an answer`, async (stage) => {
    await signInTo(stage, vault, HIDDEN);
    const statuses = await stage.run(async () => Promise.all(['/nothing', '/forbidden'].map(async (path) => {
      const response = await auth.fetch(setup.apiUrl + path);
      return [response.status, response.ok, response.headers.get('content-type'), await response.json()];
    })));
    assert.deepEqual(statuses.map(([status, ok, type]) => [status, ok, type]), [[404, false, 'application/json'], [403, false, 'application/json']]);
    stage.world.faults.add('api', { drop: 'request' });
    assert.equal((await stage.refused(() => auth.fetch(`${setup.apiUrl}/me`))).name, 'TypeError');
  });

  scenario(`J09 in a ${kind}: what is not listed is refused before anything is sent, redirects are not followed`, async (stage) => {
    await signInTo(stage, vault, { ...HIDDEN, apis: [`${stage.world.apiUrl}/notes`, `${stage.world.apiUrl}/moved`, `${stage.world.apiUrl}/moved-away`] });
    stage.counts.reset();
    const { apiUrl, issuer } = stage.world;
    const refused = [
      `${apiUrl}/me`, `${apiUrl}/notesandmore`, `${apiUrl}/notes/..%2fme`, `${apiUrl}/notes/../me`, `${issuer}/userinfo`, `${issuer}/token`,
      `${apiUrl.replace('localhost', 'localhost.evil.test')}/notes`, `${apiUrl.replace('http:', 'https:')}/notes`, '/notes',
    ];
    for (const url of refused) {
      assert.equal((await stage.refused((target) => auth.fetch(target), url)).code, 'api_not_allowed', url);
    }
    assert.deepEqual(stage.counts.log, []);
    for (const path of ['/moved', '/moved-away']) {
      assert.equal((await stage.refused((target) => auth.fetch(target, { redirect: 'follow' }), apiUrl + path)).code, 'api_redirected', path);
    }
    assert.equal(stage.counts.userinfo, 0);
    // Replaced by the vault's own; the browser takes Cookie out.
    const status = await stage.run(async () =>
      (await auth.fetch(`${setup.apiUrl}/notes`, { headers: { Authorization: 'Bearer mine', DPoP: 'x', Cookie: 'a=b' } })).status);
    assert.equal(status, 200);
  });
}

scenario('fetch in a shared-worker: a tab that closes ends its downloads', async (stage) => {
  await signInTo(stage, 'shared', HIDDEN);
  const first = await stage.driver.getWindowHandle();
  await stage.openTab(stage.vaultHome);
  const held = gate();
  stage.world.faults.add('api', { delay: held.opened, times: 1 });
  await stage.evaluate(() => { auth.fetch(`${setup.apiUrl}/me`).catch(() => {}); });
  await stage.untilCounts(({ api }) => api === 1);
  await stage.closeTab(first);
  held.open();
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
}, { skip: browser() === 'webkit' && 'WebKitGTK ends the worker with a tab' });
