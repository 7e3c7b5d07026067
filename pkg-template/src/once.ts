/**
 * Work that is done once for equal keys, however often it is asked for meanwhile. It counts as under way until
 * it fails or calls `forget`.
 */
export const createOnce = <T>(): ((key: string, start: (forget: () => void) => Promise<T>) => Promise<T>) => {
  const running = new Map<string, Promise<T>>();
  return (key, start) => {
    const known = running.get(key);
    if (known) return known;
    const forget = () => {
      if (running.get(key) === work) running.delete(key);
    };
    const work = start(forget);
    running.set(key, work);
    work.catch(forget);
    return work;
  };
};
