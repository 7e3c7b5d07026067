/**
 * The worker of a vault: engine, tokens, and the requests of `auth.fetch`. A module worker or a module
 * shared worker runs it; anywhere else, importing it does nothing.
 *
 * @packageDocumentation
 */

import { pinBuiltins } from './vault/builtins.js';
import * as inlined from './inline.js';
import { startInlined } from './inlined.js';
import { createKeeper } from './keeper.js';
import { createServer } from './vault/server.js';

const scope = globalThis as unknown as EventTarget & { document?: unknown; onconnect?: unknown; importScripts?: unknown };

if (scope.importScripts && !scope.document) {
  pinBuiltins();
  const shared = 'onconnect' in scope;
  const greet = createServer({
    start: startInlined(inlined),
    origin: new URL(location.href).origin,
    shared,
    keeperOf: createKeeper,
    // A worker has no page that is shown: the engine listens for the same events here.
    wake: (why) => {
      if (why === 'waiting') return;
      const event = new Event(why === 'online' ? 'online' : 'pageshow');
      dispatchEvent(Object.assign(event, { persisted: why === 'restored' }));
    },
  });
  const hear = ({ data, ports }: MessageEvent<unknown>) => greet(data, ports);
  if (shared) {
    scope.addEventListener('connect', (event) => {
      const [port] = (event as MessageEvent).ports;
      if (port) port.onmessage = hear;
    });
  } else scope.addEventListener('message', hear as EventListener);
}
