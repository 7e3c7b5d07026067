/** A set of listeners that may subscribe, unsubscribe and throw while they are being called. */
export interface Listeners<Event> {
  add(listener: (event: Event) => void): () => void;
  emit(event: Event): void;
  clear(): void;
}

/** Listeners are called in the order they were added; one that throws is reported as any uncaught error. */
export const createListeners = <Event>(): Listeners<Event> => {
  // Entries, not functions: a function added twice is two listeners.
  const entries = new Set<{ listener: (event: Event) => void }>();
  return {
    add: (listener) => {
      const entry = { listener };
      entries.add(entry);
      return () => void entries.delete(entry);
    },
    emit: (event) => {
      for (const entry of [...entries]) {
        if (!entries.has(entry)) continue;
        try {
          entry.listener(event);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    clear: () => entries.clear(),
  };
};
