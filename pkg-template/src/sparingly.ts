/** What a flood of messages comes to. */
export interface Sparing<T> {
  hear(said: T): void;
  close(): void;
}

/** Hears the first of a flood and the last, and in between never more than one in a `gap` of milliseconds. */
export const sparingly = <T>(
  gap: number,
  heard: (said: T) => void,
  timers: { setTimeout(work: () => void, after: number): unknown; clearTimeout(timer: unknown): void },
): Sparing<T> => {
  let pause: unknown;
  let last: [T] | undefined;
  const take = (said: T) => {
    pause = timers.setTimeout(() => {
      pause = undefined;
      const missed = last;
      last = undefined;
      if (missed) take(missed[0]);
    }, gap);
    heard(said);
  };
  return {
    hear: (said) => {
      if (pause === undefined) take(said);
      else last = [said];
    },
    close: () => timers.clearTimeout(pause),
  };
};
