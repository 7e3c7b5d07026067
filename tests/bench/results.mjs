// From samples to what is printed and kept.

import { saying } from './cell.mjs';
import { OURS } from './libraries.mjs';
import { quantile, summary } from './stats.mjs';

/** For each row its libraries with median, spread and ratio to ours. A library with neither samples nor words is an error. */
export function judge(tables, seconds) {
  const results = [];
  const silent = [];
  for (const [row, cells] of tables) {
    const base = row.above ? quantile(cells.get(row.above).samples, 0.5) : 0;
    const lines = [...cells].map(([library, cell]) => {
      if (cell.samples.length === 0 && cell.words.size === 0) silent.push(`${row.id}: ${library}`);
      const offset = library === row.above ? 0 : base;
      const stats = cell.samples.length > 0 ? summary(cell.samples.map((sample) => sample - offset)) : undefined;
      return { library, stats, words: saying(cell), raw: cell.samples, said: Object.fromEntries(cell.words) };
    });
    const ours = lines.find(({ library }) => library === OURS)?.stats?.median;
    for (const line of lines) line.ratio = line.stats && ours ? line.stats.median / ours : undefined;
    results.push({ row, lines, seconds: Math.round(seconds.get(row)) });
  }
  const wordless = results.filter(({ lines }) => !lines.find(({ library }) => library === OURS)?.stats).map(({ row }) => `${row.id}: ${OURS}`);
  return { results, silent: [...new Set([...silent, ...wordless])] };
}

export function toJson(machine, results) {
  return {
    ...machine,
    rows: results.map(({ row: { id, title, unit, reach, notes, above }, lines, seconds }) => ({ id, title, unit, reach, above, notes, seconds, libraries: lines })),
  };
}
