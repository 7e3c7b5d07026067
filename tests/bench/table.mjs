// The table as text.

const COLUMNS = [17, 12, 22, 9];

const line = (cells) => cells.map((cell, index) => (index === 0 ? cell.padEnd(COLUMNS[0]) : cell.padStart(COLUMNS[index]))).join(' ').trimEnd();

/** Three digits that count, and no exponents. */
const shortly = (ratio) => (ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3));

export function print(results, write) {
  const notes = [];
  for (const { row, lines } of results) {
    const marks = row.notes.map((note) => {
      if (!notes.includes(note)) notes.push(note);
      return `[${notes.indexOf(note) + 1}]`;
    });
    write(`\n${row.title}${row.unit && `, ${row.unit}`}${row.reach ? `; reach ${row.reach}` : ''} ${marks.join('')}`.trimEnd());
    write(line(['', 'median', 'quartiles', 'ratio']));
    for (const { library, stats, words, ratio } of lines) {
      const name = `  ${library}`;
      if (!stats) write(line([name, words === 'not comparable' ? '–' : words, '', '']));
      else {
        const number = (value) => value.toFixed(row.digits);
        const rest = words === undefined ? '' : `  (${words})`;
        write(line([name, number(stats.median), `${number(stats.low)} – ${number(stats.high)}`, ratio === undefined ? '' : `× ${shortly(ratio)}`]) + rest);
      }
    }
  }
  write('');
  notes.forEach((note, index) => write(`[${index + 1}] ${note}`));
}
