// A page that goes to sleep in the background and is woken, as browsers tell it.

const HOUR = 3_600_000;

export async function sleepPastExpiry(clock) {
  setHidden(true);
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  document.dispatchEvent(new Event('freeze'));
  clock.freeze();
  await clock.wait(50);
  clock.pass(HOUR);
}

/** Tells the page, then lets its timers go. */
export function wake(clock) {
  setHidden(false);
  document.dispatchEvent(new Event('resume'));
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  dispatchEvent(new Event('focus'));
  clock.thaw();
}

function setHidden(hidden) {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (hidden ? 'hidden' : 'visible') });
}
