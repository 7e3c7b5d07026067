// node import.mjs FRAMEWORK… -- ENTRY…: imports each entry and writes what that did to this process. What the
// frameworks do is their own business.

const given = process.argv.slice(2);
const entries = given.splice(given.indexOf('--')).slice(1);
for (const framework of given) await import(framework);

const before = new Set(Reflect.ownKeys(globalThis));
const calls = [];
const watch = (holder, name) => {
  const real = holder[name];
  holder[name] = function watched(...args) {
    calls.push(name);
    return new.target ? Reflect.construct(real, args) : Reflect.apply(real, this, args);
  };
};
for (const name of ['fetch', 'setTimeout', 'setInterval', 'queueMicrotask', 'BroadcastChannel', 'MessageChannel', 'AbortController', 'atob']) {
  watch(globalThis, name);
}
for (const name of ['compile', 'instantiate', 'Module', 'Instance', 'Memory']) watch(WebAssembly, name);
watch(globalThis.crypto, 'getRandomValues');
const listeners = process.eventNames().length;

const found = {};
const modules = {};
for (const entry of entries) {
  try {
    modules[entry] = await import(entry);
    found[entry] = Object.keys(modules[entry]).sort();
  } catch (error) {
    found[entry] = `${error.code}: ${error.message.split('\n')[0]}`;
  }
}
const result = {
  found,
  calls: [...calls],
  globals: Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).map(String),
  listeners: process.eventNames().length - listeners,
};

const options = { issuer: 'https://id.example.com', clientId: 'spa' };
result.refusals = {};
for (const [entry, { createClient }] of Object.entries(modules)) {
  if (!createClient) continue;
  result.refusals[entry] = await createClient(options, new Uint8Array()).then(
    () => 'a client',
    ({ name, code, phase }) => `${name} ${code} ${phase}`,
  );
}
console.log(JSON.stringify(result));
