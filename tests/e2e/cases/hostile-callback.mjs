// Callbacks that need a story: copies, places to return to, two servers, storage that was changed.

import assert from 'node:assert/strict';
import { metadata } from '../../hostile/provider/faults/metadata.mjs';
import { replayed } from '../../hostile/provider/faults/claims.mjs';
import { scenario } from '../case.mjs';
import { look, openHostile, signInHostile, tryLogin } from '../hostile.mjs';

/** A login that comes back to an address where no client waits: the callback, to be opened as one likes. */
async function pending(stage, options) {
  await openHostile(stage, { handleRedirect: false, ...options });
  await tryLogin(stage);
  return stage.evaluate(() => seen.arrivedAt);
}

scenario('A01 A05: one exchange with the verifier of an S256 challenge, the address clean before the app runs', async (stage) => {
  stage.hostile.does(metadata({ code_challenge_methods_supported: undefined }));
  await signInHostile(stage);
  const [asked] = stage.hostile.log.filter(({ kind }) => kind === 'authorize');
  assert.equal(asked.query.code_challenge_method, 'S256');
  assert.match(asked.query.code_challenge, /^[\w-]{43}$/);
  const exchanges = stage.hostile.log.filter(({ kind }) => kind === 'token');
  assert.equal(exchanges.length, 1);
  assert.match(exchanges[0].form.code_verifier, /^[\w.~-]{43,128}$/);
  assert.ok(!Object.keys(exchanges[0].query).length, 'nothing in the address');
  assert.equal(exchanges[0].cookie, undefined);
  assert.equal(await stage.seen('afterOpen'), stage.home);
});

/** The tab that is opened from this one, with a copy of its sessionStorage. */
async function copyTab(stage) {
  const first = await stage.driver.getWindowHandle();
  await stage.evaluate((home) => { document.body.innerHTML = `<a id="copy" rel="opener" target="_blank" href="${home}">copy</a>`; }, stage.home);
  await stage.driver.findElement({ id: 'copy' }).click();
  const second = await stage.until('the copy is there', async () => (await stage.driver.getAllWindowHandles()).find((handle) => handle !== first));
  await stage.driver.switchTo().window(second);
  await stage.ready();
  return { first, second };
}

scenario('A03: the copy of a tab: what one has redeemed the other reports as handled', async (stage) => {
  const url = await pending(stage);
  await stage.run((target) => auth.handleRedirect(target).then(() => true), url);
  assert.equal(await stage.status(), 'signed-in');
  const { first } = await copyTab(stage);
  const refused = await stage.refused((target) => auth.handleRedirect(target), url);
  assert.equal(refused.code, 'state_unknown');
  assert.equal(stage.hostile.count('token'), 1);
  await stage.driver.switchTo().window(first);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A03: a copy made while the login was pending has its own record: the server refuses the second exchange', async (stage) => {
  const url = await pending(stage);
  const { first } = await copyTab(stage);
  await stage.run((target) => auth.handleRedirect(target).then(() => true), url);
  assert.equal(await stage.status(), 'signed-in');
  await stage.driver.switchTo().window(first);
  const refused = await stage.refused((target) => auth.handleRedirect(target), url);
  // A browser that gives the copy no storage has nothing to send.
  assert.ok(['token_refused', 'state_unknown'].includes(refused.code), refused.code);
  assert.equal(await stage.status(), 'signed-out');
});

scenario('A03: parameters of the app that look like an answer stay where they are', async (stage) => {
  await openHostile(stage);
  const url = `${stage.home}?code=SUMMER&lang=de#tab`;
  await stage.open(url);
  assert.equal((await look(stage)).url, url);
  assert.equal(await stage.lastError(), null);
  assert.equal(stage.hostile.log.length, 0);
});

scenario('A02: a stray link does not cost the login that waits', async (stage) => {
  const url = await pending(stage);
  for (const noise of ['?code=x&state=tw.other', '?error=access_denied&state=tw.other', '?code=x&state=']) {
    await stage.attempt((target) => auth.handleRedirect(target), stage.home + noise);
  }
  assert.equal(stage.hostile.count('token'), 0);
  await stage.run((target) => auth.handleRedirect(target).then(() => true), url);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A02 A11: noise costs no session that is there', async (stage) => {
  await signInHostile(stage);
  const token = await stage.run(() => auth.getToken());
  for (const noise of ['?code=stolen&state=tw.nobody', '?error=access_denied&state=tw.nobody']) {
    const error = await stage.refused((target) => auth.handleRedirect(target), stage.home + noise);
    assert.equal(error.code, 'state_unknown');
  }
  assert.equal(await stage.run(() => auth.getToken()), token);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('B09: the ID token of an earlier login, well signed and not expired, is refused', async (stage) => {
  stage.hostile.does(replayed());
  await signInHostile(stage);
  await tryLogin(stage);
  assert.equal((await stage.lastError()).code, 'id_token_nonce');
  assert.equal(await stage.status(), 'signed-out');
  assert.equal(stage.hostile.count('token'), 2);
});

scenario('A09: the answer of one server that comes to the client of another is left alone, and none of its words are sent anywhere', async (stage) => {
  const url = await pending(stage);
  const found = await stage.run(async (target, issuer) => {
    const other = await tokenward.createClient({ ...setup.options, issuer });
    const theirs = await other.handleRedirect(target);
    // A login of its own with a response that names the first server.
    const { iss } = Object.fromEntries(new URL(target).searchParams);
    return { theirs, iss, error: other.session.lastError };
  }, url, stage.world.issuer);
  assert.deepEqual(found, { theirs: null, iss: stage.hostile.issuer, error: null });
  assert.equal(stage.hostile.count('token'), 0);
  assert.equal(stage.counts.token, 0, 'the code did not go to the other server');
});

/** Two clients of two servers in the page, with one client id. */
const both = (stage, redirectUri) =>
  stage.evaluate((issuer, redirectUri) => {
    const other = { ...setup.options, issuer, redirectUri };
    window.ready = false;
    (async () => {
      window.other = await tokenward.createClient(other);
      window.auth = await tokenward.createClient(setup.options);
      window.ready = true;
    })();
  }, stage.world.issuer, redirectUri);

scenario('A09: two clients of two servers share a redirect URI: the state says whose answer it is, whoever is asked first', async (stage) => {
  await openHostile(stage, { handleRedirect: false });
  const shared = stage.home;
  for (const mine of ['auth', 'other']) {
    await both(stage, shared);
    await stage.ready();
    await stage.evaluate((name) => {
      window.ready = false;
      window[name].login().catch(() => {});
    }, mine);
    await stage.passLoginPage();
    await stage.ready();
    await both(stage, shared);
    await stage.ready();
    const found = await stage.run(async () => {
      const results = [];
      for (const client of [window.other, window.auth, window.other]) results.push((await client.handleRedirect()) !== null);
      return { results, other: window.other.session, auth: window.auth.session };
    });
    assert.deepEqual(found.results, mine === 'other' ? [true, false, false] : [false, true, false]);
    const [signedIn, signedOut] = mine === 'other' ? [found.other, found.auth] : [found.auth, found.other];
    assert.deepEqual([signedIn.status, signedOut.status], ['signed-in', 'signed-out']);
    assert.equal(signedIn.claims.iss, mine === 'other' ? stage.world.issuer : stage.hostile.issuer);
    assert.deepEqual([found.other.lastError, found.auth.lastError], [null, null]);
    assert.deepEqual([stage.hostile.count('token'), stage.counts.token], mine === 'other' ? [1, 1] : [1, 0]);
    assert.equal(await stage.evaluate(() => location.search), '');
  }
});

scenario('A09: two clients of two servers with redirect URIs of their own: each sees its own answers only', async (stage) => {
  await openHostile(stage, { handleRedirect: false });
  const away = `${stage.world.pagesUrl}e2e/kept/`;
  await stage.leaveForLogin();
  await stage.passLoginPage();
  await stage.ready();
  await both(stage, away);
  await stage.ready();
  const found = await stage.run(async () => {
    const theirs = await window.other.handleRedirect();
    const url = location.href.replace('/e2e/app/', '/e2e/kept/');
    const moved = await window.other.handleRedirect(url);
    const mine = await window.auth.handleRedirect();
    return { theirs, moved, mine: mine !== null, issuer: mine.session.claims.iss, error: window.other.session.lastError };
  });
  assert.deepEqual(found, { theirs: null, moved: null, mine: true, issuer: stage.hostile.issuer, error: null });
  assert.deepEqual([stage.hostile.count('token'), stage.counts.token], [1, 0]);
});

scenario('A15: an answer beyond all sizes is refused, and the engine lives', async (stage) => {
  await openHostile(stage);
  const error = await stage.refused(() => auth.handleRedirect(`${setup.options.redirectUri}?state=tw.x&code=${'c'.repeat(1_000_000)}`));
  assert.equal(error.code, 'callback_malformed');
  for (const odd of ['%00', '%ED%A0%80', '%', '%zz']) {
    await stage.attempt((text) => auth.handleRedirect(`${setup.options.redirectUri}?state=tw.x&code=${text}`), odd);
  }
  await tryLogin(stage);
  assert.equal(await stage.status(), 'signed-in');
});

scenario('A16: a place to return to is a path of this origin, or none', async (stage) => {
  await openHostile(stage);
  const hostile = [
    '//evil.example', '/\\evil.example', 'https:evil.example', 'javascript:alert(1)', 'https://evil.example/',
    '/\t/evil.example', '\n//evil.example', '\\\\evil.example', 'data:text/html,x', 'blob:x', '/%5c/../..//evil.example',
  ];
  for (const returnTo of hostile) {
    const landed = await stage.attempt((target) => auth.login({ returnTo: target, signal: AbortSignal.abort() }).catch((error) => error.code), returnTo);
    assert.ok(['option_invalid', 'aborted'].includes(landed.value), `${returnTo}: ${JSON.stringify(landed)}`);
  }
  // Changed in storage, it is judged again.
  await openHostile(stage, { handleRedirect: false });
  await tryLogin(stage, { returnTo: '/e2e/app/?fine' });
  const result = await stage.run(async () => {
    for (const [key, value] of Object.entries(sessionStorage)) {
      sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(value), return_to: '//evil.example/' }));
    }
    const { returnTo } = await auth.handleRedirect(seen.arrivedAt);
    return { returnTo, url: location.origin };
  });
  assert.equal(result.returnTo, null);
  assert.equal(result.url, new URL(stage.world.pagesUrl).origin);
});

const TAMPERED = [
  ['another token endpoint', { token_endpoint: 'ELSEWHERE', metadata: { token_endpoint: 'ELSEWHERE' } }, null],
  ['another issuer', { issuer: 'https://evil.example' }, 'transaction_invalid'],
  ['another client', { client_id: 'other' }, 'transaction_invalid'],
  ['another redirect URI', { redirect_uri: 'https://evil.example/' }, 'transaction_invalid'],
  ['another verifier', { verifier: 'x'.repeat(43) }, 'token_refused'],
  ['another nonce', { nonce: 'other' }, 'id_token_nonce'],
  ['another version', { v: 99 }, 'transaction_invalid'],
  ['an hour old', { at: Date.now() - 3_600_000 }, 'transaction_expired'],
];

scenario(`J06: a pending login that was changed in storage: ${TAMPERED.map(([what]) => what).join('; ')}`, async (stage) => {
  for (const [what, changes, code] of TAMPERED) {
    stage.hostile.reset();
    await openHostile(stage, { handleRedirect: false });
    await tryLogin(stage);
    const text = JSON.stringify(changes).replaceAll('ELSEWHERE', `${stage.hostile.elsewhere}/token`);
    const { thrown } = await stage.attempt(async (more) => {
      for (const [key, value] of Object.entries(sessionStorage)) {
        sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(value), ...JSON.parse(more) }));
      }
      await auth.handleRedirect(seen.arrivedAt);
    }, text);
    assert.equal(thrown?.code ?? null, code, what);
    assert.deepEqual(stage.hostile.lured, [], what);
  }
});
