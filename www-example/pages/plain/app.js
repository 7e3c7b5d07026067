// Tokenward in a plain page: one import, no bundler.

import { createClient } from '/pkg/dist/index.js';
import { createActions } from '/shared/actions.js';
import { clientOptions, loadConfig } from '/shared/demo.js';
import { comesBack, createLog } from '/shared/log.js';
import { PERSISTENCE_WORDS, VAULT_WORDS, choices, choose, placement, readSettings } from '/shared/settings.js';
import { RENEWAL_WORDS, STATUS_WORDS, claimRows, initials, nextMoment, secondsLeft, shareLeft, timeOfDay } from '/shared/words.js';

const get = (id) => document.querySelector(`[data-testid="${id}"]`);

const cameBack = comesBack();
const settings = readSettings();
for (const name of ['vault', 'persistence']) {
  get(name).append(...choices(name).map(([value, text]) => new Option(text, value, false, value === settings[name])));
  get(name).addEventListener('change', ({ target }) => choose(name, target.value));
}

/** The worker that holds the session; its script has a policy of its own. */
const makeVault = (kind) => {
  const Kind = kind === 'shared' ? SharedWorker : Worker;
  return new Kind('/pkg/dist/vault.js', { type: 'module', name: 'tokenward plain' });
};

const config = await loadConfig();
const auth = await createClient(clientOptions(config, '/plain/', placement(settings, makeVault))).catch((error) => {
  get('status').textContent = STATUS_WORDS.failed;
  get('status').dataset.status = 'failed';
  showError(error);
  throw error;
});
const log = createLog(auth, cameBack);
const actions = createActions(auth, log, config);

// The promise stays open while the browser leaves; with the Back button it rejects with `aborted`.
const leave = (promise) => promise.catch((error) => showError(error.code === 'aborted' ? null : error));
get('login').addEventListener('click', () => leave(auth.login()));
get('logout').addEventListener('click', () => leave(auth.logout()));
for (const [id, action] of Object.entries({
  'call-api': actions.callApi,
  'get-token': actions.getToken,
  'get-token-many': actions.getTokens,
  expire: actions.expire,
  outage: actions.outage,
})) {
  get(id).addEventListener('click', () => showResult(action()));
}
get('lifetime').value = config.lifetime;
get('lifetime').addEventListener('change', ({ target }) => showResult(actions.lifetime(target.value)));

let begin = Date.now();
let known;
auth.subscribe(showSession);
log.subscribe(showLog);
showSession(auth.session);
showLog(log.get());
setInterval(showCountdown, 250);

function showSession(session) {
  const { status, claims, scope, renewal, lastError } = session;
  if (nextMoment(session) !== nextMoment(known)) begin = Date.now();
  const someone = claims !== null;
  const live = status !== 'signed-out' && status !== 'signing-in';

  get('status').textContent = STATUS_WORDS[status];
  get('status').dataset.status = status;
  get('user').textContent = someone ? (claims.name ?? claims.sub) : 'Welcome';
  get('email').textContent = someone ? (claims.email ?? '') : 'Sign in to see your tokens rotate.';
  document.getElementById('badge').textContent = someone ? initials(claims.name ?? claims.sub) : '?';
  get('renewal').textContent = RENEWAL_WORDS[renewal];
  get('renewal').dataset.renewal = renewal;
  get('lives').textContent = `${VAULT_WORDS[session.vault]}, ${PERSISTENCE_WORDS[session.persistence]}`;
  get('lives').dataset.vault = session.vault;
  get('lives').dataset.persistence = session.persistence;
  get('login').hidden = live && !(status === 'expired' && renewal === 'ended');
  get('logout').hidden = !live;
  for (const button of document.querySelectorAll('[data-needs-session]')) button.disabled = !live;
  showError(lastError);

  get('profile').hidden = !someone;
  if (claims !== known?.claims || scope !== known?.scope) {
    get('scope').replaceChildren(...(scope ?? '').split(' ').filter(Boolean).map((name) => element('li', name)));
    get('claims').replaceChildren(...claimRows(claims ?? {}).flatMap(([name, value]) => [element('dt', name), element('dd', value)]));
  }
  known = session;
  showCountdown();
}

function showCountdown() {
  const moment = nextMoment(auth.session);
  const left = secondsLeft(moment);
  const share = shareLeft(begin, moment);
  get('countdown').textContent = left ?? '–';
  const ring = document.getElementById('ring');
  ring.dataset.low = String(left !== null && share < 0.25);
  ring.querySelector('.left').setAttribute('stroke-dashoffset', String(100 - share * 100));
}

function showLog({ entries, rotations, token }) {
  get('rotations').textContent = rotations;
  get('token-tail').textContent = token || '–';
  const list = get('timeline');
  const shown = Number(list.firstElementChild?.dataset.id ?? 0);
  for (const entry of entries.filter(({ id }) => id > shown).reverse()) {
    const item = element('li');
    item.dataset.id = entry.id;
    item.dataset.event = entry.kind;
    item.dataset.tone = entry.tone;
    const title = element('div', entry.title);
    title.className = 'title';
    const time = element('time', timeOfDay(entry.at));
    time.dateTime = entry.at.toISOString();
    title.append(time);
    item.append(title, element('p', entry.detail));
    list.prepend(item);
  }
  while (list.childElementCount > entries.length) list.lastElementChild.remove();
}

function showError(error) {
  get('error').hidden = !error;
  get('error').textContent = error ? `${error.code}: ${error.hint}` : '';
  get('error').dataset.code = error?.code ?? '';
  get('error').dataset.retryable = error?.retryable ?? false;
}

async function showResult(promise) {
  get('api-result').textContent = '…';
  get('api-result').textContent = await promise;
}

function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
