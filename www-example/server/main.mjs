#!/usr/bin/env node
// node www-example/server/main.mjs [--port N]: the demo, until Ctrl+C.

import { startWorld } from './world.mjs';

const USAGE = 'usage: node www-example/server/main.mjs [--port N]';
const args = process.argv.slice(2);
let port = 4400;
while (args.length > 0) {
  const arg = args.shift();
  const value = arg === '--port' ? args.shift() : arg.startsWith('--port=') ? arg.slice('--port='.length) : undefined;
  port = Number(value);
  if (value === undefined || !Number.isInteger(port) || port < 0 || port > 65533) {
    console.error(USAGE);
    process.exit(2);
  }
}

const world = await startWorld({ ports: { pages: port, provider: port && port + 1, api: port && port + 2 } });
console.log(`Tokenward demo: ${world.pagesUrl}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    world.stop().then(() => process.exit(0));
  });
}
