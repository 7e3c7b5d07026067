// What is said of an error beside its code. Loaded when there is one; the texts come from the engine's table.

import type { AuthError, AuthErrorInit } from './errors.js';
import { hints } from './hint-table.js';

/** `init`: what the error was made of. */
export type Explain = (error: AuthError, init: AuthErrorInit) => void;

/** Gives an error what its code alone does not say. */
export const explain: Explain = (error, { code, message: short }) => {
  const hint = hints[code];
  if (hint === undefined) return;
  const before = error.message;
  const message = `${short}: ${hint}`;
  // Where engines write the message into the trace, they did it when the error was made.
  const stack = error.stack?.replace(before, () => message);
  // An app may have frozen it.
  for (const [name, value] of Object.entries({ hint, message, stack })) Reflect.set(error, name, value);
};
