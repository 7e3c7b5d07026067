// One handler on one port of localhost, on IPv4 and, where the machine has it, on IPv6 as well: browsers
// disagree about which of the two `localhost` means.

import { createServer } from 'node:http';

/**
 * @param {import('node:http').RequestListener} handler
 * @param {number} [port] the wanted port; another free one is taken when it is busy. 0: any free port
 * @returns {Promise<{ port: number, close(): Promise<void> }>}
 */
export async function listen(handler, port = 0) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const wanted = attempt === 0 ? port : 0;
    const v4 = await open(handler, wanted, '127.0.0.1');
    if (v4 === 'busy') continue;
    const taken = v4.address().port;
    const v6 = await open(handler, taken, '::1');
    if (v6 === 'busy') {
      await close(v4);
      continue;
    }
    return {
      port: taken,
      close: async () => {
        await Promise.all([close(v4), v6 === 'absent' ? undefined : close(v6)]);
      },
    };
  }
  throw new Error('no free port on localhost');
}

function open(handler, port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer(handler);
    server.once('error', (error) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve('busy');
      else if (host === '::1') resolve('absent');
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}

function close(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
