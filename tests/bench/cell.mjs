// What one library did in one row: samples, words, or both.

/** @returns {{ outcomes: number, samples: number[], words: Map<string, number> }} */
export const createCell = () => ({ outcomes: 0, samples: [], words: new Map() });

/** Adds what one measurement gave: a list of numbers, words when it could not be had, or `{ samples, words }`. */
export function add(cell, outcome) {
  const { samples = [], words } = typeof outcome === 'string' ? { words: outcome } : Array.isArray(outcome) ? { samples: outcome } : outcome;
  cell.outcomes += 1;
  cell.samples.push(...samples);
  if (words !== undefined) cell.words.set(words, (cell.words.get(words) ?? 0) + 1);
}

/** What was said most often, and how often if not always; nothing when nothing was said. */
export function saying(cell) {
  const [first] = [...cell.words].sort((a, b) => b[1] - a[1]);
  if (!first) return undefined;
  const [words, times] = first;
  return times === cell.outcomes ? words : `${words}, ${times} of ${cell.outcomes} times`;
}
