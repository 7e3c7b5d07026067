// A keeper in a worker of either kind: each message is the arguments of one `keep`.

import { createKeeper } from '/pkg/dist/keeper.js';

const keeper = createKeeper({ name: 'test', onHint: () => {} });

const serve = (port) => {
  port.onmessage = async ({ data }) => port.postMessage(await keeper.keep(...data));
};

if (typeof onconnect === 'undefined') serve(self);
else onconnect = ({ ports: [port] }) => serve(port);
