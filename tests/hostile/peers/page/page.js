// One library behind the same few functions; what comes of each call is an object, also when it fails or never ends.

import * as library from '/made/library.js';

const PATIENCE = 8000;

const outcome = async (work) => {
  let timer;
  const hangs = new Promise((resolve) => { timer = setTimeout(() => resolve({ hangs: true }), PATIENCE); });
  const done = work().then((value) => ({ value: value ?? null }), (error) => ({ error: String(error?.code ?? error?.error ?? error?.name ?? ''), message: String(error?.message ?? error?.error_description ?? error).slice(0, 200) }));
  const result = await Promise.race([done, hangs]);
  clearTimeout(timer);
  return result;
};

window.peer = {
  begin: (setup) => outcome(() => library.begin(setup)),
  finish: (setup) => outcome(() => library.finish(setup)),
  refresh: () => outcome(() => library.refresh()),
  token: () => outcome(() => library.token()),
};
window.arrivedAt = location.href;
