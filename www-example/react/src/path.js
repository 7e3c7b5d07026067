import { useSyncExternalStore } from 'react';

// The smallest router there is. AuthProvider announces the address after a login with the same event.

const subscribe = (listener) => {
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
};

/** The page's path, as state. */
export const usePath = () => useSyncExternalStore(subscribe, () => location.pathname);

/** A link's onClick: shows another path without loading the page. */
export const follow = (event) => {
  event.preventDefault();
  history.pushState(null, '', event.currentTarget.href);
  dispatchEvent(new PopStateEvent('popstate'));
};
