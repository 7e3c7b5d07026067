/** Shows another address without loading it. Browsers refuse when it is done too often; nothing depends on it. */
export const showUrl = (url: string): void => {
  try {
    history.replaceState(history.state, '', url);
  } catch {
    // The address bar keeps the old address.
  }
};

/**
 * Leaves the page. The promise stays open, because code after it would run in a page that is going away; it
 * resolves only when the user comes back with the Back button to a page the browser had kept.
 */
export const leave = (url: string): Promise<void> =>
  new Promise((resolve) => {
    const shown = ({ persisted }: PageTransitionEvent) => {
      if (!persisted) return;
      removeEventListener('pageshow', shown);
      resolve();
    };
    addEventListener('pageshow', shown);
    location.assign(url);
  });
