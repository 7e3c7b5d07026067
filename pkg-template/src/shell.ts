// What an engine needs of its realm and JavaScript says in fewer octets than wasm does: the one wake-up, the moments
// after which it looks at the clocks, pending logins, and what stands in `limit.ts` and `verify.ts`.

import { clientName } from './client-name.js';
import type { Engine, EngineHost, Means, Plain } from './core.js';
import { createLimit } from './limit.js';
import { keepPending } from './pending-logins.js';
import { verify } from './verify.js';

/** What may happen to an engine, in the order that it knows. */
const TICK = 0;
const RESUMED = 1;
const RESTORED = 2;
const ONLINE = 3;
const OFFLINE = 4;

/** Makes an engine in its shell. Nothing here assumes a window. */
export const inShell = (make: (means: Means) => Engine, options: Plain, host: EngineHost): Engine => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const gone = new AbortController();
  const page = globalThis.document as Document | undefined;

  const engine = make({
    ...host,
    keep: (job, verb, state, record, over) =>
      page && (verb === 'store' || verb === 'take')
        ? engine.kept(job, ...keepPending(clientName(options), state, record))
        : host.keep(job, verb, state, record, over),
    wake: (after) => {
      clearTimeout(timer);
      if (after >= 0) timer = setTimeout(() => engine.happened(TICK), after);
    },
    rest: () => gone.abort(),
    limit: createLimit,
    verify,
  });

  const listen = (target: EventTarget | undefined, type: string, meaning: (event: Event) => number | undefined) =>
    target?.addEventListener(
      type,
      (event) => {
        const what = meaning(event);
        if (what !== undefined) engine.happened(what);
      },
      gone,
    );
  listen(page, 'visibilitychange', () => (page?.hidden ? undefined : RESUMED));
  // Also of a page that stays hidden.
  listen(page, 'resume', () => RESUMED);
  listen(globalThis, 'pageshow', (event) => ((event as PageTransitionEvent).persisted ? RESTORED : RESUMED));
  // The event's word, not the realm's: a vault is told by its pages, and a worker may not know yet.
  listen(globalThis, 'online', () => ONLINE);
  listen(globalThis, 'offline', () => OFFLINE);
  engine.happened(globalThis.navigator?.onLine === false ? OFFLINE : ONLINE);
  return engine;
};
