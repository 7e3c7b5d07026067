// The provider's own pages: login, logout, errors. Plain forms, one style sheet, one script, nothing from
// anywhere else.

import { readFile } from 'node:fs/promises';
import { ACCOUNTS } from './accounts.mjs';

const STYLE = new URL('../pages/style.css', import.meta.url);
const SUBMIT = 'document.querySelector("form[data-submit]").requestSubmit();\n';

/**
 * @param {import('oidc-provider').Provider} provider
 * @param {() => Iterable<string>} origins where a finished login may send the browser
 * @returns {(req, res, next: () => void) => Promise<void>}
 */
export function createPrompts(provider, origins) {
  return async (req, res, next) => {
    const { pathname } = new URL(req.url, 'http://localhost');
    if (pathname === '/style.css') {
      res.setHeader('Content-Type', 'text/css; charset=utf-8');
      res.end(await readFile(STYLE));
      return;
    }
    if (pathname === '/submit.js') {
      res.setHeader('Content-Type', 'text/javascript; charset=utf-8');
      res.end(SUBMIT);
      return;
    }
    if (!pathname.startsWith('/interaction/')) {
      next();
      return;
    }
    try {
      await interact(provider, origins, req, res);
    } catch (error) {
      send(res, 400, page('This login is over', `
        <h1>This login is over</h1>
        <p>It was finished in another tab, or it waited for too long. Go back to the application and sign in again.</p>
        <p class="quiet">${escape(error.message)}</p>`));
    }
  };
}

async function interact(provider, origins, req, res) {
  const { prompt, params, uid } = await provider.interactionDetails(req, res);

  if (req.method === 'POST') {
    const form = await readForm(req);
    if (form.get('action') === 'cancel') {
      await provider.interactionFinished(req, res, {
        error: 'access_denied',
        error_description: 'the person said no',
      });
      return;
    }
    const username = (form.get('username') ?? '').trim().toLowerCase();
    if (Object.hasOwn(ACCOUNTS, username)) {
      await provider.interactionFinished(req, res, { login: { accountId: username } });
      return;
    }
    loginPage(res, origins, uid, username, `There is no account “${username}”. Try ${Object.keys(ACCOUNTS).join(' or ')}.`);
    return;
  }

  if (prompt.name === 'consent') {
    await provider.interactionFinished(req, res, { consent: {} });
    return;
  }
  loginPage(res, origins, uid, params.login_hint ?? 'ada');
}

function loginPage(res, origins, uid, username, problem) {
  send(res, problem ? 422 : 200, page('Sign in', `
    <h1>Sign in</h1>
    <p class="quiet">A real OpenID provider, running on your machine. Any password will do; the accounts are
      <b>ada</b> and <b>grace</b>.</p>
    <form method="post" action="/interaction/${escape(uid)}" data-testid="login-form">
      ${problem ? `<p class="problem" role="alert" id="problem">${escape(problem)}</p>` : ''}
      <label>Username
        <input name="username" value="${escape(String(username))}" autocomplete="username" autocapitalize="none"
          spellcheck="false" required autofocus data-testid="login-username"${problem ? ' aria-describedby="problem"' : ''}>
      </label>
      <label>Password
        <input name="password" type="password" value="analytical" autocomplete="current-password"
          data-testid="login-password">
      </label>
      <div class="actions">
        <button class="primary" name="action" value="login" data-testid="login-submit">Sign in</button>
        <button name="action" value="cancel" formnovalidate data-testid="login-cancel">Cancel</button>
      </div>
    </form>`), ["'self'", ...origins()]);
}

/** oidc-provider's `logoutSource`: a request that proves where it comes from is followed, others are asked. */
export async function logoutPage(ctx, form) {
  const trusted = ctx.oidc.entities.IdTokenHint !== undefined;
  const filled = form
    .replace('<form ', `<form ${trusted ? 'data-submit ' : ''}data-testid="logout-form" `)
    .replace('</form>', `${trusted ? '<input type="hidden" name="logout" value="yes">' : ''}</form>`);
  ctx.type = 'html';
  ctx.body = trusted
    ? page('Signing out', `
        <h1>Signing out…</h1>
        ${filled}
        <noscript><button class="primary" type="submit" form="op.logoutForm">Sign out</button></noscript>
        <script src="/submit.js"></script>`)
    : page('Sign out', `
        <h1>Sign out?</h1>
        <p class="quiet">This ends your session at the provider.</p>
        ${filled}
        <div class="actions">
          <button class="primary" type="submit" form="op.logoutForm" name="logout" value="yes" autofocus
            data-testid="logout-confirm">Sign out</button>
          <button type="submit" form="op.logoutForm" data-testid="logout-cancel">Stay signed in</button>
        </div>`);
}

/** oidc-provider's `postLogoutSuccessSource`. */
export async function loggedOutPage(ctx) {
  ctx.type = 'html';
  ctx.body = page('Signed out', '<h1>Signed out</h1><p class="quiet">You may close this page.</p>');
}

/** oidc-provider's `userCodeInputSource`: `form` holds the field, `problem` says why it is shown again. */
export async function deviceCodePage(ctx, form, _out, problem) {
  ctx.type = 'html';
  ctx.body = page('Enter the code', `
    <h1>Enter the code</h1>
    ${problem ? `<p class="problem" role="alert">That code is not one, or was used: ${escape(problem.name)}</p>` : ''}
    <p class="quiet">It is on the screen of the device that wants to sign in.</p>
    ${form.replace('name="user_code"', 'name="user_code" data-testid="user-code"')}
    <div class="actions">
      <button class="primary" type="submit" form="op.deviceInputForm" data-testid="device-continue">Continue</button>
    </div>`);
}

/** oidc-provider's `userCodeConfirmSource`. */
export async function deviceConfirmPage(ctx, form, client, _info, userCode) {
  ctx.type = 'html';
  ctx.body = page('Is it you?', `
    <h1>Is it you?</h1>
    <p>A device shows the code <b>${escape(userCode)}</b> and wants to sign in to ${escape(client.clientName ?? client.clientId)}.</p>
    ${form}
    <div class="actions">
      <button class="primary" type="submit" form="op.deviceConfirmForm" autofocus data-testid="device-confirm">Yes</button>
      <button type="submit" form="op.deviceConfirmForm" name="abort" value="yes" data-testid="device-abort">No</button>
    </div>`);
}

/** oidc-provider's `successSource`. */
export async function deviceDonePage(ctx) {
  ctx.type = 'html';
  ctx.body = page('Done', '<h1 data-testid="device-done">Done</h1><p class="quiet">Go on at your device.</p>');
}

/** oidc-provider's `renderError`. */
export async function errorPage(ctx, out) {
  ctx.type = 'html';
  ctx.body = page('The provider said no', `
    <h1>The provider said no</h1>
    <p class="problem"><b>${escape(String(out.error))}</b><br>${escape(String(out.error_description ?? ''))}</p>
    <p class="quiet small">The request could not be answered by going back to the application.</p>`);
}

function page(title, content) {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escape(title)}</title>
  <link rel="stylesheet" href="/style.css">
  <link rel="icon" href="data:,">
</head>
<body class="provider">
  <main class="sheet">
    <p class="eyebrow">Demo identity provider</p>${content}
  </main>
</body>
</html>
`;
}

function send(res, status, html, formAction = ["'self'"]) {
  res.statusCode = status;
  res.setHeader('Content-Type', 'text/html; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  // Chromium applies form-action to the redirects after a submission too, so the clients' origins are in it.
  res.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action ${formAction.join(' ')}`,
  );
  res.end(html);
}

async function readForm(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
