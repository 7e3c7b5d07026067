// Runs before anything else: what a page was loaded with, and what happens in it.

window.seen = {
  arrivedAt: location.href,
  violations: [],
  problems: [],
  events: [],
  statuses: [],
  memories: [],
  restored: 0,
};

addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) => {
  seen.violations.push(`${violatedDirective} ${blockedURI} in ${sourceFile}`);
});
addEventListener('error', ({ message }) => seen.problems.push(message));
addEventListener('unhandledrejection', ({ reason }) => seen.problems.push(`unhandled: ${reason?.code ?? ''} ${reason?.message ?? reason}`));
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) seen.restored += 1;
});

// The page under test gives this name to something else.
window.openWindow = window.open.bind(window);

// The memory of every engine: how many there are, and what is in them.
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  const { exports } = result.instance ?? result;
  seen.memories.push(Object.values(exports).find((value) => value instanceof WebAssembly.Memory));
  return result;
};

/** How often a text is in the memory of any engine. */
window.inMemory = (text) => {
  const wanted = new TextEncoder().encode(text);
  let count = 0;
  for (const { buffer } of seen.memories) {
    const bytes = new Uint8Array(buffer);
    for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
      if (wanted.every((byte, i) => bytes[at + i] === byte)) count += 1;
    }
  }
  return count;
};

/** Moves the wall clock of this page, and only that one. */
window.shiftClock = (ms) => {
  const { now } = Date;
  Date.now = () => now() + ms;
};

/** An error as the tests compare it. */
window.describeError = (error) => ({
  name: error?.name,
  code: error?.code,
  phase: error?.phase,
  retryable: error?.retryable,
  message: String(error?.message ?? error),
  hint: error?.hint,
  path: error?.path,
  oauthError: error?.oauthError,
  description: error?.description,
});
