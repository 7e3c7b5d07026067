import { sparingly } from '../sparingly.js';
import type { Builtins } from './builtins.js';

/** Least milliseconds between two hints that are listened to. */
const GAP = 250;

/** Between the tabs and workers of an origin. Any script of the origin can say anything here: it carries no data. */
export interface Hints {
  /** Tells all others that what is kept has changed. */
  tell(): void;
  close(): void;
}

const isHint = (data: unknown): boolean => {
  if (typeof data !== 'object' || data === null) return false;
  const { tokenward, hint, ...rest } = data as Record<string, unknown>;
  return tokenward === 1 && hint === 'changed' && Object.keys(rest).length === 0;
};

/** `onHint` hears the first of a flood and the last, never more than a few in a second. */
export const createHints = (builtins: Builtins, name: string, onHint: () => void): Hints => {
  const { BroadcastChannel } = builtins;
  if (!BroadcastChannel) return { tell: () => {}, close: () => {} };
  const channel = new BroadcastChannel(`tokenward ${name}`);
  const flood = sparingly<void>(GAP, onHint, builtins);
  channel.onmessage = ({ data }) => {
    if (isHint(data)) flood.hear();
  };
  return {
    tell: () => channel.postMessage({ tokenward: 1, hint: 'changed' }),
    close: () => {
      flood.close();
      channel.close();
    },
  };
};
