import type { Plain } from './core.js';

/**
 * Whether options ask for what only the whole module has; the lean one refuses each of them with `feature_missing`.
 * Here is all that decides which one a page loads.
 */
export const needsWhole = ({ engine, persistence, repairs }: Plain): boolean =>
  engine === 'whole' || persistence === 'sealed' || (Array.isArray(repairs) && repairs.length > 0);
