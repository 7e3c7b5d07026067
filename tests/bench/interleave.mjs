// The order of measurements: rounds, in each round every row, in each row every library, beginning with another one
// each time, so that a machine that slows down or speeds up does so for all.

import { add, createCell } from './cell.mjs';
import { IDS } from './libraries.mjs';

/** Measures all rows; gives, for each, its cells by library and how long it took. */
export async function measureAll(context, rows, { mode, say }) {
  const tables = new Map(rows.map((row) => [row, new Map((row.libraries ?? IDS).map((id) => [id, createCell()]))]));
  const seconds = new Map(rows.map((row) => [row, 0]));
  const last = Math.max(...rows.map((row) => row.rounds[mode]));
  for (let round = 0; round < last; round += 1) {
    for (const row of rows) {
      const rounds = row.rounds[mode];
      // Rows with few rounds are spread over the whole run.
      const turn = Math.floor((round * rounds) / last);
      if (round > 0 && turn === Math.floor(((round - 1) * rounds) / last)) continue;
      say(`round ${round + 1} of ${last}: ${row.id}`);
      const begun = performance.now();
      await measureRow(context, row, tables.get(row), { round: turn, rounds, quick: mode === 'quick' });
      seconds.set(row, seconds.get(row) + (performance.now() - begun) / 1000);
    }
  }
  return { tables, seconds };
}

async function measureRow(context, row, cells, args) {
  if (row.sampleAll) {
    for (const [library, outcome] of await row.sampleAll(context, args)) add(cells.get(library), outcome);
    return;
  }
  const libraries = [...cells.keys()];
  for (let index = 0; index < libraries.length; index += 1) {
    const library = libraries[(index + args.round) % libraries.length];
    add(cells.get(library), await row.sample(context, library, args));
  }
}
