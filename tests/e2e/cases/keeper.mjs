// The keeper by itself: what it stores, who gets it, and what happens when storage fails. Page: pages/keeper.

import assert from 'node:assert/strict';
import { browser, scenario as any } from '../case.mjs';

const home = (stage) => `${stage.world.pagesUrl}e2e/keeper/`;

const scenario = (name, body) => any(`keeper: ${name}`, async (stage, context) => {
  await stage.open(home(stage));
  await body(stage, context);
});

scenario('what was saved is loaded, in every kind of realm, and nobody can read it in the database', async (stage) => {
  const found = await stage.run(async () => {
    const secret = 'rt-0123456789-secret';
    const { revision } = await make().keep('save', '', `{"refresh_token":"${secret}","name":"Zoë"}`, undefined);
    const ask = (worker) => new Promise((resolve, reject) => {
      const port = worker.port ?? worker;
      worker.onerror = reject;
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage(['load', '', undefined, undefined]);
    });
    const url = '/e2e/keeper/worker.js';
    const loaded = [
      await make().keep('load', '', undefined, undefined),
      await ask(new Worker(url, { type: 'module' })),
      await ask(new SharedWorker(url, { type: 'module' })),
    ];
    const stored = await everything();
    return {
      loaded: loaded.map((kept) => kept.word === 'done' && kept.revision === revision && JSON.parse(kept.record).name),
      visible: stored.includes(secret) || stored.includes('refresh_token'),
      key: /key AES-GCM \w+ [\w,]+/.exec(stored)[0],
    };
  });
  // Shared workers of WebKit cannot read a stored key: a failure, and no reason to remove what pages can read.
  const shared = browser() === 'webkit' ? false : 'Zoë';
  assert.deepEqual(found, {
    loaded: ['Zoë', 'Zoë', shared],
    visible: false,
    key: 'key AES-GCM false decrypt,encrypt',
  });
});

scenario('in a shared worker too: pending logins always, sessions where keys can be stored', async (stage) => {
  const found = await stage.run(async () => {
    const { port } = new SharedWorker('/e2e/keeper/worker.js', { type: 'module' });
    const keep = (...job) => new Promise((resolve) => {
      port.onmessage = ({ data }) => resolve(data);
      port.postMessage(job);
    });
    const stored = await keep('store', 'tw.a', 'A');
    const taken = await keep('take', 'tw.a');
    const again = await keep('take', 'tw.a');
    const saved = await keep('save', '', 'S');
    return { stored: stored.word, taken, again, saved: saved.word, loaded: await keep('load', '') };
  });
  const { saved, loaded, ...logins } = found;
  assert.deepEqual(logins, { stored: 'done', taken: { word: 'done', record: 'A' }, again: { word: 'done' } });
  if (browser() === 'webkit') {
    assert.deepEqual({ saved, loaded }, { saved: 'failed', loaded: { word: 'done' } });
  } else {
    assert.equal(saved, 'done');
    assert.equal(loaded.record, 'S');
  }
});

scenario('every save has another revision, vector and text', async (stage) => {
  const found = await stage.run(async () => {
    const keeper = make();
    const all = [];
    for (let i = 0; i < 5; i += 1) {
      const { revision } = await keeper.keep('save', '', 'same', undefined);
      all.push([revision, ...await inDatabase(async (store, asked) => {
        const { iv, data } = await asked(store('sessions').get('test'));
        return [iv.join(), new Uint8Array(data).join()];
      })]);
    }
    return [0, 1, 2].map((member) => new Set(all.map((one) => one[member])).size);
  });
  assert.deepEqual(found, [5, 5, 5]);
});

scenario('a save over another revision, and a removal of one, is a conflict and gives what is there', async (stage) => {
  const found = await stage.run(async () => {
    const [one, two] = [make(), make()];
    const first = await one.keep('save', '', 'first', undefined);
    const second = await two.keep('save', '', 'second', first.revision);
    const late = await one.keep('save', '', 'late', first.revision);
    const notTheirs = await one.keep('remove', '', undefined, first.revision);
    await two.keep('remove', '', undefined, second.revision);
    const nothing = await two.keep('remove', '', undefined, second.revision);
    const afterLogout = await one.keep('save', '', 'later', second.revision);
    const left = await rows();
    const login = await one.keep('save', '', 'login', undefined);
    return {
      second: second.word,
      late: late.word === 'conflict' && late.record === 'second' && late.revision === second.revision,
      notTheirs: notTheirs.word === 'conflict' && notTheirs.record === 'second',
      nothing,
      afterLogout,
      left,
      login: login.word,
    };
  });
  assert.deepEqual(found, {
    second: 'done',
    late: true,
    notTheirs: true,
    nothing: { word: 'conflict' },
    afterLogout: { word: 'conflict' },
    left: { keys: 0, sessions: 0, logins: 0, leases: 0 },
    login: 'done',
  });
});

scenario('of many who save over one revision at once, one wins', async (stage) => {
  const words = await stage.run(async () => {
    const { revision } = await make().keep('save', '', 'first', undefined);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => make().keep('save', '', `${i}`, revision)));
    const now = await make().keep('load', '', undefined, undefined);
    const winner = all.findIndex(({ word }) => word === 'done');
    return { won: all.filter(({ word }) => word === 'done').length, is: now.record === `${winner}` };
  });
  assert.deepEqual(words, { won: 1, is: true });
});

scenario('tabs that start at the same moment agree on one key', async (stage) => {
  const found = await stage.run(async () => {
    const keepers = Array.from({ length: 10 }, () => make());
    await Promise.all(keepers.map((keeper, i) => keeper.keep('store', `tw.${i}`, `login ${i}`, undefined)));
    const before = await rows();
    const taken = await Promise.all(keepers.map((_, i) => keepers[9 - i].keep('take', `tw.${i}`, undefined, undefined)));
    return { before, taken: taken.map(({ record }) => record), after: await rows() };
  });
  assert.deepEqual(found, {
    before: { keys: 1, sessions: 0, logins: 10, leases: 0 },
    taken: Array.from({ length: 10 }, (_, i) => `login ${i}`),
    after: { keys: 0, sessions: 0, logins: 0, leases: 0 },
  });
});

scenario('a save while others log in and out never ends in a record without its key', async (stage) => {
  const found = await stage.run(async () => {
    const keepers = Array.from({ length: 6 }, () => make());
    for (let round = 0; round < 8; round += 1) {
      await Promise.all(keepers.map((keeper, i) =>
        i % 2 ? keeper.keep('remove', '', undefined, undefined) : keeper.keep('save', '', `${round}`, undefined)));
      const { sessions, keys } = await rows();
      if (sessions !== keys) return { round, sessions, keys };
      const { record } = await make().keep('load', '', undefined, undefined);
      if ((record !== undefined) !== (sessions === 1)) return { round, record };
    }
    return 'always';
  });
  assert.equal(found, 'always');
});

scenario('a pending login is taken once, and it is known whether others are pending', async (stage) => {
  const found = await stage.run(async () => {
    const [one, two] = [make(), make()];
    const take = (keeper, state) => keeper.keep('take', state, undefined, undefined);
    await one.keep('store', 'tw.a', 'A', undefined);
    await one.keep('store', 'tw.b', 'B', undefined);
    const asked = await take(one, '');
    const both = await Promise.all([take(one, 'tw.a'), take(two, 'tw.a')]);
    const last = await take(one, 'tw.b');
    const none = await take(one, '');
    return { asked, both: both.map(({ record }) => record ?? null).sort(), last, none };
  });
  assert.deepEqual(found, {
    asked: { word: 'done', revision: '' },
    both: ['A', null],
    last: { word: 'done', record: 'B' },
    none: { word: 'done' },
  });
});

scenario('logins that were given up go: the oldest of more than ten, and those of half an hour ago', async (stage) => {
  const found = await stage.run(async () => {
    let time = 1e12;
    const keeper = make({ now: () => time });
    for (let i = 0; i < 12; i += 1) {
      time += 1000;
      await keeper.keep('store', `tw.${i}`, `${i}`, undefined);
    }
    const full = await rows();
    const gone = await keeper.keep('take', 'tw.1', undefined, undefined);
    time += 31 * 60_000;
    // The engine says itself that it is old.
    const old = await keeper.keep('take', 'tw.5', undefined, undefined);
    return { full: full.logins, gone: gone.record ?? null, old, left: await rows() };
  });
  assert.deepEqual(found, {
    full: 10,
    gone: null,
    old: { word: 'done', record: '5' },
    left: { keys: 0, sessions: 0, logins: 0, leases: 0 },
  });
});

scenario('J06: a record that was changed, swapped, planted or is under another key is none, and is removed', async (stage) => {
  const found = await stage.run(async () => {
    const results = {};
    const spoilt = {
      'another client': async (store, asked) => {
        store('keys').put(await asked(store('keys').get('other')), 'test');
        store('sessions').put(await asked(store('sessions').get('other')), 'test');
      },
      'a flipped bit': async (store, asked) => {
        const row = await asked(store('sessions').get('test'));
        new Uint8Array(row.data)[3] ^= 1;
        store('sessions').put(row, 'test');
      },
      'another revision': async (store, asked) => {
        store('sessions').put({ ...await asked(store('sessions').get('test')), revision: 'x' }, 'test');
      },
      'no revision': async (store, asked) => {
        const { iv, data } = await asked(store('sessions').get('test'));
        store('sessions').put({ iv, data }, 'test');
      },
      'something else': (store) => store('sessions').put('text', 'test'),
      'null': (store) => store('sessions').put(null, 'test'),
      'no key': (store) => store('keys').delete('test'),
      'no key at all': (store) => store('keys').put({ id: 'x', key: 'k' }, 'test'),
    };
    for (const [what, spoil] of Object.entries(spoilt)) {
      await make({}, 'other').keep('save', '', 'other', undefined);
      await make().keep('save', '', 'mine', undefined);
      await inDatabase(spoil);
      const loaded = await make().keep('load', '', undefined, undefined);
      const left = await inDatabase((store, asked) => asked(store('sessions').getKey('test')));
      const again = await make().keep('save', '', 'again', undefined);
      const back = await make().keep('load', '', undefined, undefined);
      results[what] = [loaded.word, loaded.record ?? null, left ?? null, again.word, back.record];
    }
    // A pending login under the state of another.
    await make().keep('store', 'tw.a', 'A', undefined);
    await inDatabase(async (store, asked) => {
      store('logins').put(await asked(store('logins').get(['test', 'tw.a'])), ['test', 'tw.b']);
    });
    results.login = (await make().keep('take', 'tw.b', undefined, undefined)).record ?? null;
    return results;
  });
  const { login, ...others } = found;
  assert.equal(login, null);
  for (const [what, result] of Object.entries(others)) {
    assert.deepEqual(result, ['done', null, null, 'done', 'again'], what);
  }
});

scenario('J06: an exportable key that was planted is not used', async (stage) => {
  const extractable = await stage.run(async () => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);
    await make().keep('load', '', undefined, undefined);
    await inDatabase((store) => store('keys').put({ id: 'mine', key }, 'test'));
    await make().keep('save', '', 'text', undefined);
    return inDatabase(async (store, asked) => (await asked(store('keys').get('test'))).key.extractable);
  });
  assert.equal(extractable, false);
});

for (const kind of ['locks', 'lease', 'refused locks']) {
  scenario(`F09 with ${kind}: one holder at a time, and what it wrote is seen by the next`, async (stage) => {
    const found = await stage.run(async (kind) => {
      const builtins = kinds[kind];
      await make().keep('save', '', '0', undefined);
      let inside = 0;
      let most = 0;
      const conflicts = [];
      await Promise.all(Array.from({ length: 5 }, async () => {
        const keeper = make(builtins);
        for (let i = 0; i < 4; i += 1) {
          const { word, record, revision } = await keeper.keep('lock', '', undefined, undefined);
          if (word !== 'done') {
            conflicts.push(word);
            continue;
          }
          most = Math.max(most, inside += 1);
          await pause(5);
          const saved = await keeper.keep('save', '', `${Number(record) + 1}`, revision);
          if (saved.word !== 'done') conflicts.push(saved.word);
          inside -= 1;
          await keeper.keep('unlock', '', undefined, undefined);
        }
      }));
      return { most, conflicts, sum: (await make().keep('load', '', undefined, undefined)).record };
    }, kind);
    assert.deepEqual(found, { most: 1, conflicts: [], sum: '20' });
  });

  scenario(`F09 with ${kind}: whoever waits too long is told busy, and gets it later`, async (stage) => {
    const words = await stage.run(async (kind) => {
      const builtins = { ...kinds[kind], ...hasty };
      const [one, two] = [make({ ...builtins, setTimeout }), make(builtins)];
      const words = [(await one.keep('lock', '', undefined, undefined)).word];
      words.push((await two.keep('lock', '', undefined, undefined)).word);
      await one.keep('unlock', '', undefined, undefined);
      await pause(100);
      words.push((await two.keep('lock', '', undefined, undefined)).word);
      await two.keep('unlock', '', undefined, undefined);
      return words;
    }, kind);
    assert.deepEqual(words, ['done', 'busy', 'done']);
  });

  scenario(`F09 with ${kind}: whoever holds it too long loses it`, async (stage) => {
    const words = await stage.run(async (kind) => {
      const builtins = kinds[kind];
      const slow = make({ ...builtins, ...hasty });
      const first = await slow.keep('lock', '', undefined, undefined);
      const other = make(builtins);
      const started = performance.now();
      const second = await other.keep('lock', '', undefined, undefined);
      const waited = performance.now() - started;
      await other.keep('save', '', 'new', undefined);
      const late = await slow.keep('save', '', 'late', first.revision ?? 'none');
      await slow.keep('unlock', '', undefined, undefined);
      return [first.word, second.word, late.word, waited > 500];
    }, kind);
    assert.deepEqual(words, ['done', 'done', 'conflict', true]);
  });
}

scenario('F09: a tab that is closed while it holds the lock gives it back', async (stage) => {
  const { driver } = stage;
  const first = await driver.getWindowHandle();
  await driver.switchTo().newWindow('tab');
  await stage.open(home(stage));
  assert.equal(await stage.run(async () => (await make().keep('lock', '', undefined, undefined)).word), 'done');
  await driver.close();
  await driver.switchTo().window(first);
  assert.equal(await stage.run(async () => (await make().keep('lock', '', undefined, undefined)).word), 'done');
});

scenario('F09: the lease of a tab that was killed runs out', async (stage) => {
  const words = await stage.run(async () => {
    const killed = make({ locks: undefined, setTimeout: () => 0 });
    const first = await killed.keep('lock', '', undefined, undefined);
    let ahead = 0;
    const next = make({ locks: undefined, now: () => Date.now() + ahead, setTimeout: (work, after) => {
      ahead += after;
      // Storage has its time still, also on a busy machine.
      return setTimeout(work, after / 20);
    } });
    return [first.word, (await next.keep('lock', '', undefined, undefined)).word];
  });
  assert.deepEqual(words, ['done', 'done']);
});

scenario('storage that fails in any way is an answer within a time limit', async (stage) => {
  const found = await stage.run(async () => {
    const all = {
      'no storage': { indexedDB: undefined },
      'open throws': { indexedDB: { open: () => { throw new DOMException('', 'SecurityError'); } } },
      'open never answers': { ...hasty, indexedDB: { open: () => ({}) } },
      'open fails': {
        indexedDB: {
          open: () => {
            const request = { error: new DOMException('', 'UnknownError') };
            setTimeout(() => request.onerror(), 1);
            return request;
          },
        },
      },
      'a newer schema': { indexedDB: { open: (name) => indexedDB.open(name === 'tokenward' ? 'newer' : name, 1) } },
      'transactions never end': {
        ...hasty,
        indexedDB: {
          open: () => {
            const silent = () => ({});
            const objectStore = () => ({ get: silent, put: silent, delete: silent, getAll: silent, getAllKeys: silent });
            const request = { result: { transaction: () => ({ objectStore, abort() {} }), close() {} } };
            setTimeout(() => request.onsuccess(), 1);
            return request;
          },
        },
      },
    };
    await new Promise((resolve) => { indexedDB.open('newer', 2).onsuccess = resolve; });
    const words = {};
    for (const [what, builtins] of Object.entries(all)) {
      const keeper = make(builtins);
      words[what] = [];
      for (const [verb, ...args] of [['load', ''], ['save', '', 'x'], ['remove', ''], ['lock', ''], ['store', 's', 'x'], ['take', 's']]) {
        words[what].push((await keeper.keep(verb, ...args)).word);
      }
      keeper.dispose();
    }
    return words;
  });
  for (const [what, words] of Object.entries(found)) assert.deepEqual([...new Set(words)], ['failed'], what);
});

scenario('a browser that cannot store keys (DataCloneError) fails, leaves nothing, and still remembers a login', async (stage) => {
  const found = await stage.run(async () => {
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value, key) {
      if (value?.key instanceof CryptoKey) throw new DOMException('', 'DataCloneError');
      return put.call(this, value, key);
    };
    const keeper = make();
    const { word } = await keeper.keep('save', '', 'x', undefined);
    const login = [
      await keeper.keep('store', 'tw.a', 'A', undefined),
      await keeper.keep('take', 'tw.a', undefined, undefined),
    ];
    IDBObjectStore.prototype.put = put;
    return { word, login, left: await rows(), later: (await keeper.keep('save', '', 'x', undefined)).word };
  });
  assert.deepEqual(found, {
    word: 'failed',
    login: [{ word: 'done' }, { word: 'done', record: 'A' }],
    left: { keys: 0, sessions: 0, logins: 0, leases: 0 },
    later: 'done',
  });
});

scenario('a database that is deleted, upgraded or closed under it does not stop it', async (stage) => {
  const found = await stage.run(async () => {
    const keeper = make();
    const { revision } = await keeper.keep('save', '', 'x', undefined);
    await wipe(); // Succeeds only when the keeper lets go.
    const over = await keeper.keep('save', '', 'y', revision);
    const anew = await keeper.keep('save', '', 'z', undefined);
    return { over, anew: anew.word, record: (await keeper.keep('load', '', undefined, undefined)).record };
  });
  assert.deepEqual(found, { over: { word: 'conflict' }, anew: 'done', record: 'z' });
});

scenario('what is saved or removed is hinted to the others, and nothing else', async (stage) => {
  const found = await stage.run(async () => {
    const heard = [];
    const spy = new BroadcastChannel('tokenward test');
    spy.onmessage = ({ data }) => heard.push(data);
    const one = make();
    window.hinted = 0;
    make();
    const steps = [];
    const step = async (...args) => {
      await one.keep(...args);
      await pause(400);
      steps.push(window.hinted);
    };
    const { revision } = await one.keep('save', '', 'x', undefined);
    await pause(400);
    steps.push(window.hinted);
    await step('load', '', undefined, undefined);
    await step('save', '', 'x', `not ${revision}`);
    await step('store', 'tw.a', 'x', undefined);
    await step('take', 'tw.a', undefined, undefined);
    await step('lock', '', undefined, undefined);
    await step('unlock', '', undefined, undefined);
    await step('remove', '', undefined, undefined);
    await step('remove', '', undefined, undefined);
    return { steps, heard };
  });
  const hint = { tokenward: 1, hint: 'changed' };
  assert.deepEqual(found, { steps: [1, 1, 1, 1, 1, 1, 1, 2, 2], heard: [hint, hint] });
});

scenario('J05: forged hints do nothing, and a flood is a few', async (stage) => {
  const found = await stage.run(async () => {
    make();
    const channel = new BroadcastChannel('tokenward test');
    const forged = [
      null, 1, 'changed', [], {}, { hint: 'changed' }, { tokenward: 2, hint: 'changed' }, { tokenward: '1', hint: 'changed' },
      { tokenward: 1, hint: 'signed-out' }, { tokenward: 1, hint: 'changed', token: 'T' }, { tokenward: 1, hint: ['changed'] },
      new Map([['tokenward', 1]]), { tokenward: 1, hint: 'x'.repeat(1 << 20) },
    ];
    for (const data of forged) channel.postMessage(data);
    await pause(300);
    const afterForged = window.hinted;
    const started = performance.now();
    for (let i = 0; i < 10_000; i += 1) channel.postMessage({ tokenward: 1, hint: 'changed' });
    await pause(1000);
    const flood = window.hinted;
    const most = 2 + (performance.now() - started) / 250;
    return { afterForged, few: flood >= 2 && flood <= most };
  });
  assert.deepEqual(found, { afterForged: 0, few: true });
});

scenario('without BroadcastChannel it keeps as well', async (stage) => {
  const word = await stage.run(async () => (await make({ BroadcastChannel: undefined }).keep('save', '', 'x', undefined)).word);
  assert.equal(word, 'done');
});
