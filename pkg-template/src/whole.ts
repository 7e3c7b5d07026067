import type { Plain } from './core.js';

/** Whether tokens may be bound to a key. */
export const isBound = (dpop: unknown): boolean => dpop !== undefined && dpop !== 'off';

/**
 * Whether options ask for what only the whole module has; the lean one refuses each of them with `feature_missing`.
 * Here is all that decides which one a page loads.
 */
export const needsWhole = ({ engine, persistence, repairs, dpop }: Plain): boolean =>
  engine === 'whole' || persistence === 'sealed' || isBound(dpop) || (Array.isArray(repairs) && repairs.length > 0);
