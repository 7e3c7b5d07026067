// What is said of an error beside its code. Loaded when there is one; the texts come from the engine's table.

import { messageOf, type AuthError } from './errors.js';
import { hints } from './hint-table.js';

/** `known`: of an option that does not exist, the names that do. */
export type Explain = (error: AuthError & { known?: string }) => void;

/** Gives an error what its code alone does not say. */
export const explain: Explain = (error) => {
  const { code, path, known } = error;
  Reflect.deleteProperty(error, 'known');
  const hint = hints[code];
  if (hint === undefined) return;
  const better = path !== undefined && known !== undefined ? suggestion(path, known) : path;
  const before = error.message;
  const message = `${messageOf(code, better)}: ${hint}`;
  // Where engines write the message into the trace, they did it when the error was made.
  const stack = error.stack?.replace(before, () => message);
  // An app may have frozen it.
  for (const [name, value] of Object.entries({ hint, message, stack, ...(better && { path: better }) })) Reflect.set(error, name, value);
};

/** The path with the nearest known name. `known`: what stands in front of the names, then the names. */
const suggestion = (path: string, known: string): string => {
  const [prefix = '', ...names] = known.split(' ');
  const name = path.slice(prefix.length);
  const [[nearest, far] = ['', 0]] = names.map((other) => [other, distance(name, other)] as const).sort(([, a], [, b]) => a - b);
  return nearest && far <= nearest.length >> 1 ? `${path}: did you mean ${prefix}${nearest}?` : path;
};

/** Levenshtein distance, case ignored: `clientID` and `client_id` are near `clientId`. */
const distance = (a: string, b: string): number => {
  const others = [...b.toLowerCase()];
  let row = [0, ...others.map((_, i) => i + 1)];
  for (const letter of a.toLowerCase()) {
    const next = [row[0]! + 1];
    others.forEach((other, i) => next.push(Math.min(row[i]! + Number(letter !== other), row[i + 1]! + 1, next[i]! + 1)));
    row = next;
  }
  return row.at(-1)!;
};
