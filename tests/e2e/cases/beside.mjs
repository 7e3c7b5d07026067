// Logins that do not leave the page, and what tabs with sessions of their own tell each other.

import assert from 'node:assert/strict';
import { By } from 'selenium-webdriver';
import { browser, scenario } from '../case.mjs';
import { gate, testId } from '../stage.mjs';

/** Presses a button of the page whose handler logs in in a popup; gives the windows. */
const openPopup = async (stage, options = {}) => {
  const { driver } = stage;
  const page = await driver.getWindowHandle();
  const known = await driver.getAllWindowHandles();
  await stage.evaluate((given) => {
    document.querySelector('#popup')?.remove();
    const button = document.createElement('button');
    button.id = 'popup';
    button.textContent = 'log in';
    window.outcome = undefined;
    window.gone = new AbortController();
    button.onclick = () => {
      window.open = window.openPopup ?? openWindow;
      auth.login({ mode: 'popup', signal: gone.signal, ...given }).then(
        (session) => { window.outcome = { status: session.status, sub: session.claims.sub, current: session === auth.session }; },
        (error) => { window.outcome = describeError(error); },
      );
    };
    document.body.append(button);
  }, options);
  await driver.findElement(By.id('popup')).click();
  const popup = await stage.until('a window opens', async () =>
    (await driver.getAllWindowHandles()).find((handle) => !known.includes(handle)));
  return { page, popup, known };
};

/** In the popup: the login page, until the window is gone. */
const passPopup = async (stage, { page, popup, known }, button = 'login-submit') => {
  const { driver } = stage;
  await stage.until('the popup closes', async () => {
    if (!(await driver.getAllWindowHandles()).includes(popup)) return true;
    try {
      await driver.switchTo().window(popup);
      const [element] = await driver.findElements(testId(button));
      if (element) await element.click();
    } catch (error) {
      // It closes while it is looked at.
      if (error.name !== 'NoSuchWindowError' && !/window|browsing context|frame/i.test(error.message)) throw error;
    }
    return false;
  });
  await driver.switchTo().window(page);
  assert.deepEqual(await driver.getAllWindowHandles(), known);
};

const outcome = (stage) => stage.until('the popup login ends', () => stage.evaluate(() => window.outcome));

const SIGNED_IN = { status: 'signed-in', sub: 'ada', current: true };

scenario('popup: the page stays, the popup goes, and the user is signed in', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  await stage.evaluate(() => { window.stayed = true; });
  const windows = await openPopup(stage);
  assert.equal(await stage.status(), 'signed-out', 'until there is a session');
  await passPopup(stage, windows);
  assert.deepEqual(await outcome(stage), SIGNED_IN);
  assert.equal(await stage.evaluate(() => window.stayed && location.href), stage.home);
  assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  assert.deepEqual(stage.counts.grants, { authorization_code: 1 });
  assert.deepEqual(await stage.evaluate(() => Object.keys(sessionStorage)), [], 'no pending login is left');
});

scenario('J03: the provider isolates its pages (COOP): the popup looks closed, and is waited for', async (stage) => {
  stage.world.policy.headers = { 'Cross-Origin-Opener-Policy': 'same-origin' };
  stage.world.endSessions();
  await stage.open();
  await stage.evaluate(() => {
    window.openPopup = (...given) => (window.popup = openWindow(...given));
  });
  const windows = await openPopup(stage);
  const { driver } = stage;
  await driver.switchTo().window(windows.popup);
  await stage.loginPage();
  await driver.switchTo().window(windows.page);
  assert.equal(await stage.evaluate(() => window.popup.closed), true, 'it looks closed while it is open');
  await new Promise((resolve) => { setTimeout(resolve, 1000); });
  assert.equal(await stage.evaluate(() => window.outcome ?? null), null);
  await passPopup(stage, windows);
  assert.deepEqual(await outcome(stage), SIGNED_IN);
});

scenario('J04: the user refuses in the popup: the words of the server, the page as it was', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  const windows = await openPopup(stage);
  await passPopup(stage, windows, 'login-cancel');
  const { code, oauthError } = await outcome(stage);
  assert.deepEqual({ code, oauthError }, { code: 'authorization_refused', oauthError: 'access_denied' });
  assert.equal(await stage.status(), 'signed-out');
});

scenario('J04: a popup that takes too long, or is given up, is closed, and the next one works', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  for (const [options, code] of [[{ timeout: 1 }, 'login_timed_out'], [{}, 'aborted']]) {
    const windows = await openPopup(stage, options);
    if (code === 'aborted') {
      await stage.driver.switchTo().window(windows.popup);
      await stage.loginPage();
      await stage.driver.switchTo().window(windows.page);
      await stage.evaluate(() => { window.gone.abort(); });
    }
    assert.equal((await outcome(stage)).code, code);
    await stage.until('the window closes', async () => !(await stage.driver.getAllWindowHandles()).includes(windows.popup));
    assert.equal(await stage.status(), 'signed-out');
  }
  await passPopup(stage, await openPopup(stage));
  assert.deepEqual(await outcome(stage), SIGNED_IN);
});

scenario('J04: a blocked popup is told at once, and nothing is sent', async (stage) => {
  await stage.open();
  const error = await stage.refused(() => {
    window.open = () => null;
    return auth.login({ mode: 'popup' });
  });
  assert.equal(error.code, 'popup_blocked');
  assert.equal(stage.counts.discovery, 0);
});

scenario('J02: forged answers of the own origin are not taken; the login goes on', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  const windows = await openPopup(stage);
  await stage.driver.switchTo().window(windows.popup);
  await stage.loginPage();
  await stage.driver.switchTo().window(windows.page);
  await stage.evaluate(() => {
    const channel = new BroadcastChannel('tokenward relay');
    for (const data of [
      null, 1, 'x', {}, { tokenward: 1 }, { tokenward: 1, url: `${location.href}?code=c&state=tw.p.wrong` },
      { tokenward: 1, url: `${location.href}?access_token=T&token_type=Bearer` }, { tokenward: 1, url: 'x'.repeat(10 << 20) },
      { tokenward: 1, url: 'https://evil.example/?code=c&state=tw.p.x' }, { tokenward: 1, access_token: 'T' },
    ]) channel.postMessage(data);
  });
  await new Promise((resolve) => { setTimeout(resolve, 300); });
  assert.equal(await stage.evaluate(() => window.outcome ?? null), null);
  assert.equal(stage.counts.token, 0);
  await passPopup(stage, windows);
  assert.deepEqual(await outcome(stage), SIGNED_IN);
});

scenario('nothing but the URL is said on the channel, and it is worth nothing to who hears it', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  await stage.evaluate(() => {
    window.said = [];
    new BroadcastChannel('tokenward relay').onmessage = ({ data }) => window.said.push(data);
  });
  const windows = await openPopup(stage);
  await passPopup(stage, windows);
  await outcome(stage);
  const said = await stage.evaluate(() => window.said);
  assert.equal(said.length, 2, JSON.stringify(said));
  const { url } = said.find((message) => message.url);
  const names = [...new URL(url).searchParams.keys()].sort();
  assert.deepEqual(names, ['code', 'iss', 'state']);
  // Without the verifier, which is gone.
  await stage.open(url);
  assert.equal((await stage.lastError()).code, 'state_unknown');
  assert.equal(stage.counts.grants.authorization_code, 1);
});

scenario('silently: signed in without a question when the server knows the user', async (stage) => {
  await stage.signIn();
  await stage.open();
  assert.equal(await stage.status(), 'signed-out');
  const found = await stage.run(async () => {
    const statuses = seen.statuses.length;
    const asked = await Promise.all([auth.loginSilently(), auth.loginSilently()]);
    return {
      same: asked.every((session) => session === auth.session),
      status: auth.session.status,
      frames: document.querySelectorAll('iframe').length,
      statuses: [...new Set(seen.statuses.slice(statuses))],
    };
  });
  assert.deepEqual(found, { same: true, status: 'signed-in', frames: 0, statuses: ['signed-in live'] });
  assert.equal(stage.counts.grants.authorization_code, 2);
});

scenario('silently: null when the server must ask; the session and its lastError stay as they are', async (stage) => {
  await stage.signIn();
  stage.world.endSessions();
  const found = await stage.run(async () => {
    const before = auth.session;
    const statuses = seen.statuses.length;
    const asked = await auth.loginSilently();
    return {
      asked,
      same: before === auth.session,
      statuses: seen.statuses.length - statuses,
      frames: document.querySelectorAll('iframe').length,
    };
  });
  assert.deepEqual(found, { asked: null, same: true, statuses: 0, frames: 0 });
});

scenario('J04: a frame that is forbidden or hangs: login_timed_out, nothing is left, the next one works', async (stage) => {
  await stage.signIn();
  await stage.open();
  const forbidden = { status: 200, headers: { 'X-Frame-Options': 'DENY', 'Content-Type': 'text/html' }, body: '<p>no', times: 1 };
  const held = gate();
  for (const fault of [forbidden, { delay: held.opened, times: 1 }]) {
    stage.world.faults.add('authorize', fault);
    const error = await stage.refused(() => auth.loginSilently({ timeout: 1.5 }));
    assert.equal(error.code, 'login_timed_out');
    assert.deepEqual(await stage.evaluate(() => [document.querySelectorAll('iframe').length, auth.session.lastError]), [0, null]);
  }
  held.open();
  assert.equal(await stage.run(async () => (await auth.loginSilently()).status), 'signed-in');
});

scenario('silently by redirect: there and back without a question, with a session or without an error', async (stage) => {
  await stage.signIn();
  for (const known of [true, false]) {
    if (!known) stage.world.endSessions();
    await stage.open();
    await stage.evaluate(() => {
      window.ready = false;
      auth.loginSilently({ mode: 'redirect', returnTo: '/e2e/app/?from=silence' }).catch(() => {});
    });
    await stage.until('the page is back', () => stage.evaluate(() => window.ready === true && location.search === '?from=silence'));
    assert.equal(await stage.status(), known ? 'signed-in' : 'signed-out');
    assert.equal(await stage.lastError(), null);
  }
});

scenario('a callback page of its own: a few hundred bytes hand the URL over', async (stage) => {
  stage.world.endSessions();
  stage.set({ redirectUri: `${stage.world.pagesUrl}e2e/relay/` });
  await stage.open();
  await passPopup(stage, await openPopup(stage));
  assert.deepEqual(await outcome(stage), SIGNED_IN);
  assert.equal(await stage.run(async () => (await auth.loginSilently()).status), 'signed-in');
});

for (const vault of ['worker', 'shared']) {
  scenario(`popup and frame with a vault (${vault})`, async (stage) => {
    stage.world.endSessions();
    stage.set({ vault, redirectUri: stage.vaultHome });
    await stage.open();
    await passPopup(stage, await openPopup(stage));
    assert.deepEqual(await outcome(stage), SIGNED_IN);
    assert.equal(await stage.evaluate(() => auth.session.vault), vault === 'shared' ? 'shared-worker' : 'worker');
    assert.equal(await stage.run(async () => (await auth.loginSilently()).status), 'signed-in');
    stage.world.endSessions();
    assert.equal(await stage.run(() => auth.loginSilently()), null);
    assert.equal(await stage.run(async () => (await auth.fetch(`${setup.apiUrl}/me`)).status), 200);
  });
}

scenario('nobody waits any more for a popup: an ordinary callback, refused', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  const { page, popup } = await openPopup(stage);
  const { driver } = stage;
  await driver.switchTo().window(popup);
  await stage.loginPage();
  await driver.switchTo().window(page);
  await stage.evaluate(() => { window.location.replace('/e2e/blank.html'); });
  await driver.switchTo().window(popup);
  await stage.passLoginPage();
  await stage.ready();
  assert.equal((await stage.lastError()).code, 'state_unknown');
  assert.equal(await stage.evaluate(() => location.href), stage.home);
  assert.equal(stage.counts.token, 0);
});

scenario('K07: a login that a portal begins: as data, to a place of the own origin only', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  const found = await stage.attempt(async () => {
    const { initiatedLogin } = await import('/pkg/dist/callback.js');
    const at = (target) => `${location.href}?iss=${encodeURIComponent(setup.options.issuer)}&login_hint=ada&target_link_uri=${encodeURIComponent(target)}`;
    const hostile = initiatedLogin(setup.options.issuer, at('https://evil.example/'));
    const refused = await auth.login(hostile).catch(({ code, path }) => ({ code, path }));
    return { refused, wanted: initiatedLogin(setup.options.issuer, at(`${location.origin}/e2e/app/?portal`)) };
  });
  assert.deepEqual(found.value.refused, { code: 'option_invalid', path: 'login.returnTo' });
  assert.equal(found.value.wanted.loginHint, 'ada');
  await stage.login({ options: found.value.wanted });
  assert.equal(await stage.status(), 'signed-in');
  assert.equal(await stage.evaluate(() => location.search), '?portal');
});

scenario('Back from the login page: as it was before, and the next login works', async (stage) => {
  for (const url of [stage.home, `${stage.world.pagesUrl}e2e/kept/`]) {
    stage.world.endSessions();
    stage.set({ redirectUri: url });
    await stage.open(url);
    await stage.leaveForLogin();
    await stage.loginPage();
    await stage.driver.navigate().back();
    await stage.until('the page is back', () => stage.evaluate(() => window.auth?.session.status === 'signed-out'));
    assert.equal(await stage.lastError(), null);
    // A page the browser had kept knows that its login was given up.
    if (await stage.evaluate(() => seen.restored > 0)) {
      assert.equal(await stage.evaluate(() => window.loginFailed?.code), 'aborted');
      await stage.evaluate(() => { delete window.loginFailed; });
    }
    await stage.login();
    assert.equal(await stage.status(), 'signed-in');
  }
});

/** A second tab, signed in; gives how to come back. */
const inNewTab = async (stage, work) => {
  const { driver } = stage;
  const first = await driver.getWindowHandle();
  await driver.switchTo().newWindow('tab');
  const result = await work();
  const second = await driver.getWindowHandle();
  await driver.switchTo().window(first);
  return { first, second, result };
};

const listen = async (stage) => {
  await stage.evaluate(() => {
    window.elsewhere = [];
    auth.on('elsewhere', ({ hint, session }) => window.elsewhere.push(`${hint} ${session.status}`));
  });
};

const elsewhere = (stage, wanted) =>
  stage.until(`it hears ${wanted}`, async () => {
    const heard = await stage.evaluate(() => window.elsewhere);
    if (!heard.includes(wanted)) throw Object.assign(new Error(heard.join()), { name: 'JavascriptError' });
    return true;
  });

scenario('tabs with sessions of their own hear of logins, logouts and other users', async (stage) => {
  stage.world.endSessions();
  await stage.open();
  await listen(stage);
  const { first, second } = await inNewTab(stage, async () => {
    await stage.open();
    await stage.login();
  });
  await elsewhere(stage, 'signed-in signed-out');
  assert.equal(await stage.status(), 'signed-out', 'a hint changes nothing');

  await stage.login();
  await listen(stage);
  await stage.driver.switchTo().window(second);
  await stage.run(() => auth.logout({ local: true }));
  await stage.driver.switchTo().window(first);
  await elsewhere(stage, 'signed-out signed-in');
  // The logout revoked the grant, which was that of this tab too: the server's own word, asked for once.
  await stage.until('the truth is known', async () => (await stage.status()) === 'expired');
  assert.equal((await stage.eventsOf('session-expired')).length, 1);

  await stage.login();
  await listen(stage);
  await stage.driver.switchTo().window(second);
  stage.world.endSessions();
  await stage.leaveForLogin();
  await stage.loginPage();
  const name = await stage.driver.findElement(testId('login-username'));
  await name.clear();
  await name.sendKeys('grace');
  await stage.passLoginPage();
  await stage.ready();
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'grace');
  await stage.driver.switchTo().window(first);
  await elsewhere(stage, 'other-user signed-in');
  assert.equal(await stage.evaluate(() => auth.session.claims.sub), 'ada');
});

scenario('J05: a forged logout makes a tab ask once, and ends nothing', async (stage) => {
  await stage.signIn();
  await listen(stage);
  stage.counts.reset();
  const said = await stage.run(async () => {
    const name = `tokenward ${setup.options.issuer} e2e`;
    const channel = new BroadcastChannel(name);
    const text = JSON.stringify([name.slice('tokenward '.length), auth.session.claims.sub]);
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
    const user = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    for (const data of [null, 'signed-out', { tokenward: 1, hint: 'signed-out', user, token: 'T' }, { tokenward: 9 }]) {
      channel.postMessage(data);
    }
    await new Promise((resolve) => { setTimeout(resolve, 400); });
    const ignored = window.elsewhere.length;
    for (let i = 0; i < 2000; i += 1) channel.postMessage({ tokenward: 1, hint: 'signed-out', user });
    await new Promise((resolve) => { setTimeout(resolve, 4500); });
    return { ignored, heard: window.elsewhere.length };
  });
  assert.equal(said.ignored, 0);
  assert.ok(said.heard >= 1 && said.heard < 25, `${said.heard}`);
  assert.equal(await stage.status(), 'signed-in');
  assert.deepEqual(stage.counts.grants, { refresh_token: 1 });
});
