// `persistence: 'sealed'` with the engine in the page: one session for all tabs and through reloads.

import assert from 'node:assert/strict';
import { scenario as any } from '../case.mjs';

/** Nothing of the last case is left in the database. */
const scenario = (name, body) => any(`sealed: ${name}`, async (stage, context) => {
  stage.world.endSessions();
  await stage.driver.get(`${stage.world.pagesUrl}e2e/blank.html`);
  await stage.driver.executeAsyncScript(`
    const done = arguments[0];
    const request = indexedDB.deleteDatabase('tokenward');
    request.onsuccess = request.onerror = request.onblocked = () => done();
  `);
  await body(stage, context);
});

const signIn = (stage, options = {}) => stage.signIn({ persistence: 'sealed', ...options });

/** Opens more tabs of the page; gives all handles, the first one chosen. */
const openTabs = async (stage, count) => {
  const { driver } = stage;
  const handles = [await driver.getWindowHandle()];
  for (let i = 1; i < count; i += 1) {
    await driver.switchTo().newWindow('tab');
    await stage.open();
    handles.push(await driver.getWindowHandle());
  }
  await driver.switchTo().window(handles[0]);
  return handles;
};

/** Does the same in each tab, one after the other. */
const inEach = async (stage, handles, work) => {
  const results = [];
  for (const handle of handles) {
    await stage.driver.switchTo().window(handle);
    results.push(await work());
  }
  return results;
};

/** Every text and octet of the database. */
const stored = (stage) => stage.run(async () => {
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const octets = (value) => {
    if (value instanceof ArrayBuffer) return octets(new Uint8Array(value));
    if (ArrayBuffer.isView(value)) return String.fromCharCode(...value);
    if (typeof value === 'object' && value !== null) return Object.values(value).map(octets).join('|');
    return String(value);
  };
  const db = await asked(indexedDB.open('tokenward'));
  const rows = {};
  let text = '';
  for (const name of db.objectStoreNames) {
    const all = await asked(db.transaction(name).objectStore(name).getAll());
    rows[name] = all.length;
    text += all.map(octets).join('\n');
  }
  db.close();
  return { rows, text };
});

scenario('a reload and a new tab keep the login, with no request and no frame; nobody can read the record', async (stage) => {
  await signIn(stage);
  assert.equal(await stage.evaluate(() => auth.session.persistence), 'sealed');
  const token = await stage.run(() => auth.getToken());
  stage.world.endSessions();
  stage.counts.reset();
  await stage.open();
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
  assert.equal(await stage.run(() => auth.getToken()), token);
  await openTabs(stage, 2);
  assert.equal(stage.counts.log.length, 0);
  const { rows, text } = await stored(stage);
  assert.deepEqual(rows, { keys: 1, leases: 0, logins: 0, sessions: 1 });
  for (const secret of [token, 'refresh', 'ada@example.com', 'Lovelace']) assert.ok(!text.includes(secret), secret);
  // And it goes on: with the kept refresh token.
  assert.notEqual(await stage.run(() => auth.getToken({ fresh: true })), token);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

scenario('F08: 10 tabs with 100 callers each at expiry: one token request, and the session lives', async (stage) => {
  stage.world.ttl.AccessToken = 12;
  await signIn(stage, { renewal: 'on-demand' });
  const tabs = await openTabs(stage, 10);
  const expires = await stage.evaluate(() => auth.session.expiresAt);
  stage.counts.reset();
  // All at one moment, whichever tab is in front.
  const at = Math.max(expires, Date.now() + 3000) + 500;
  await inEach(stage, tabs, () => stage.evaluate((when) => {
    window.got = undefined;
    setTimeout(async () => {
      const all = await Promise.all(Array.from({ length: 100 }, () => auth.getToken().catch((error) => error.code)));
      window.got = [...new Set(all)];
    }, when - Date.now());
  }, at));
  const got = await inEach(stage, tabs, () => stage.until('the callers have a token', () => stage.evaluate(() => window.got)));
  assert.equal(new Set(got.flat()).size, 1, JSON.stringify(got));
  assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
  const statuses = await inEach(stage, tabs, () => stage.status());
  assert.deepEqual([...new Set(statuses)], ['signed-in']);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
});

scenario('K04: login and logout in one tab show in the others, and nothing is left', async (stage) => {
  stage.set({ persistence: 'sealed' });
  await stage.open();
  const [first, second, third] = await openTabs(stage, 3);
  await stage.login();
  for (const handle of [second, third]) {
    await stage.driver.switchTo().window(handle);
    await stage.until('signed in here too', async () => (await stage.status()) === 'signed-in');
  }
  await stage.run(() => auth.logout({ local: true }));
  for (const handle of [first, second]) {
    await stage.driver.switchTo().window(handle);
    await stage.until('signed out here too', async () => (await stage.status()) === 'signed-out');
    assert.equal((await stage.refused(() => auth.getToken())).code, 'login_required');
  }
  assert.deepEqual((await stored(stage)).rows, { keys: 0, leases: 0, logins: 0, sessions: 0 });
  await stage.open();
  assert.equal(await stage.status(), 'signed-out');
});

scenario('F07 F09: the refreshing tab is killed between request and answer: within the grace window the session lives', async (stage) => {
  stage.world.policy.grace = 60_000;
  await signIn(stage, { renewal: 'on-demand' });
  const [, second] = await openTabs(stage, 2);
  const answer = await stage.closeWhileItRenews(second);
  const token = await stage.run(() => auth.getToken({ fresh: true }));
  answer.open();
  assert.ok(token);
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  // And the next rotation, of what the retry brought.
  assert.notEqual(await stage.run(() => auth.getToken({ fresh: true })), token);
});

scenario('F06 F09: the same without a grace window: the session ends, once, and a login begins anew', async (stage) => {
  await signIn(stage, { renewal: 'on-demand' });
  const [, second] = await openTabs(stage, 2);
  const answer = await stage.closeWhileItRenews(second);
  assert.equal((await stage.refused(() => auth.getToken({ fresh: true }))).code, 'session_ended');
  answer.open();
  assert.equal((await stage.eventsOf('session-expired')).length, 1);
  assert.equal((await stored(stage)).rows.sessions, 0);
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
});

scenario('a rotation in one tab is taken up by the other without a request', async (stage) => {
  await signIn(stage);
  const [first, second] = await openTabs(stage, 2);
  const token = await stage.run(() => auth.getToken({ fresh: true }));
  stage.counts.reset();
  await stage.driver.switchTo().window(second);
  await stage.until('it has the new token', async () => (await stage.run(() => auth.getToken())) === token);
  assert.equal(stage.counts.token, 0);
  await stage.driver.switchTo().window(first);
});

scenario('a record that was spoilt is no session, and the next login works', async (stage) => {
  await signIn(stage);
  await stage.run(() => new Promise((resolve, reject) => {
    const request = indexedDB.open('tokenward');
    request.onsuccess = () => {
      const store = request.result.transaction('sessions', 'readwrite').objectStore('sessions');
      store.openCursor().onsuccess = ({ target }) => {
        const cursor = target.result;
        if (!cursor) return;
        cursor.update({ ...cursor.value, data: new Uint8Array(64).buffer });
        cursor.continue();
      };
      store.transaction.oncomplete = () => {
        request.result.close();
        resolve();
      };
    };
    request.onerror = reject;
  }));
  await stage.open();
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(await stage.lastError(), null);
  await stage.login();
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => auth.session.persistence), 'sealed');
});

scenario('without IndexedDB, or without keys in it, the session lives in memory and says so', async (stage) => {
  const broken = [
    () => Object.defineProperty(window, 'indexedDB', { value: undefined }),
    () => {
      const { put } = IDBObjectStore.prototype;
      IDBObjectStore.prototype.put = function (value, key) {
        if (value?.key instanceof CryptoKey) throw new DOMException('', 'DataCloneError');
        return put.call(this, value, key);
      };
    },
  ];
  for (const before of broken) {
    await signIn(stage, { before });
    assert.equal(await stage.evaluate(() => auth.session.persistence), 'memory');
    assert.ok(await stage.run(() => auth.getToken({ fresh: true })));
    stage.set({ persistence: 'sealed' });
    await stage.open();
    assert.equal(await stage.status(), 'signed-out');
  }
});
