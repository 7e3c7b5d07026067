/** The limits of one exchange of the engine. */
export interface Limit {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Whether the time is over. */
  over: boolean;
  /** All octets of a body; `null` when they are more than `most`. Rejects when the time is over. */
  read(body: ReadableStream<Uint8Array> | null | undefined, most: number): Promise<Uint8Array | null>;
  /** The exchange is done; what is left of one that failed is not wanted. */
  end(failed: boolean): void;
}

/** A time limit in ms over headers and body, and a cap on the body's octets. */
export const createLimit = (time: number): Limit => {
  const controller = new AbortController();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const stop = () => {
    controller.abort();
    // Not every browser lets the reading of a body fail when its request is aborted; this ends it everywhere.
    reader?.cancel().catch(() => {});
  };
  const timer = setTimeout(() => {
    limit.over = true;
    stop();
  }, time);
  const limit: Limit = {
    signal: controller.signal,
    over: false,
    read: async (body, most) => {
      let octets = new Uint8Array();
      reader = body?.getReader();
      for (;;) {
        const { value } = (await reader?.read()) ?? {};
        limit.signal.throwIfAborted();
        if (!value) return octets;
        const length = octets.length + value.length;
        if (length > most) return null;
        const all = new Uint8Array(length);
        all.set(octets);
        all.set(value, octets.length);
        octets = all;
      }
    },
    end: (failed) => {
      clearTimeout(timer);
      if (failed) stop();
    },
  };
  return limit;
};
