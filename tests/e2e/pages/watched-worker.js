// The vault with a window in it: tells how often a text is in the memory of its engines. Served at a path of its own,
// with a policy that lets it load the vault's script.

const memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  memories.push(Object.values(result.exports).find((value) => value instanceof WebAssembly.Memory));
  return result;
};

const early = [];
const keep = (event) => early.push(event);
for (const type of ['connect', 'message']) addEventListener(type, keep);

new BroadcastChannel(`watch ${self.name}`).onmessage = ({ data, target }) => {
  if (typeof data !== 'string') return;
  const wanted = new TextEncoder().encode(data);
  let count = 0;
  for (const { buffer } of memories) {
    const bytes = new Uint8Array(buffer);
    for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
      if (wanted.every((byte, i) => bytes[at + i] === byte)) count += 1;
    }
  }
  target.postMessage({ count });
};

// What came before the vault listened is heard once more.
import('./vault.js').then(() => {
  for (const type of ['connect', 'message']) removeEventListener(type, keep);
  for (const { type, data, ports } of early) dispatchEvent(new MessageEvent(type, { data, ports: [...ports] }));
});
