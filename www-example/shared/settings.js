// Where the session of an example app lives: chosen on the page, or by `?vault=…&persistence=…` in its address. It is
// remembered, because the address changes when the browser goes to the provider and comes back.

const CHOICES = {
  vault: [
    ['page', 'In this page'],
    ['worker', 'In a worker'],
    ['shared', 'In a shared worker'],
  ],
  persistence: [
    ['memory', 'In memory'],
    ['sealed', 'Sealed'],
  ],
};

/** What can be chosen, for the selects. */
export const choices = (name) => CHOICES[name];

const known = (name, value) => CHOICES[name].some(([choice]) => choice === value);

/** The choice; one in the address counts first and stays. */
export function readSettings() {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(
    Object.entries(CHOICES).map(([name, [[usual]]]) => {
      const value = asked.get(name);
      if (known(name, value)) localStorage.setItem(`demo.${name}`, value);
      const chosen = localStorage.getItem(`demo.${name}`);
      return [name, known(name, chosen) ? chosen : usual];
    }),
  );
}

/** Another choice: a new client, so a new page. */
export function choose(name, value) {
  localStorage.setItem(`demo.${name}`, value);
  location.assign(location.pathname);
}

/**
 * The options of `createClient` that a choice means.
 *
 * @param {ReturnType<typeof readSettings>} settings
 * @param {(kind: 'shared' | 'dedicated') => Worker | SharedWorker} makeVault
 */
export function placement({ vault, persistence }, makeVault) {
  if (vault === 'page') return { persistence };
  // Declining the shared worker means the dedicated one.
  return { persistence, vault: (kind) => (kind === 'shared' && vault === 'worker' ? undefined : makeVault(kind)) };
}

/** Words for where the session really is. */
export const VAULT_WORDS = { page: 'this page', worker: 'a worker', 'shared-worker': 'a worker for all tabs' };

/** Words for what outlives a reload. */
export const PERSISTENCE_WORDS = { memory: 'in memory', sealed: 'sealed in IndexedDB' };
