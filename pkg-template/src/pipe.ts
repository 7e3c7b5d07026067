// A body on its way through a port: the side that reads asks for each piece, so that no more of it is in memory than
// is being looked at. (Streams themselves can be transferred in some browsers only.) The other side is in give.ts.

/** The side that wants the body. */
export interface Taker {
  stream: ReadableStream<Uint8Array>;
  /** A piece has come. `false`: nobody had asked for it, or it is none. */
  piece(bytes: unknown): boolean;
  end(): void;
  fail(error: unknown): void;
}

/** Some of it is fetched before anybody reads: what is short is over soon, also when nobody ever does. */
const AHEAD = 65_536;

/** `cancelled` hears when the reader wants no more. */
export const take = (port: MessagePort, cancelled: () => void): Taker => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let arrived: (() => void) | undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => {
        port.postMessage(['pull']);
        return new Promise<void>((resolve) => {
          arrived = resolve;
        });
      },
      cancel: cancelled,
    },
    new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }),
  );
  const settle = (work: () => void) => {
    try {
      work();
    } catch {
      // The reader had cancelled.
    }
    arrived?.();
    arrived = undefined;
  };
  return {
    stream,
    piece: (bytes) => {
      if (!arrived || !(bytes instanceof Uint8Array)) return false;
      settle(() => controller.enqueue(bytes));
      return true;
    },
    end: () => settle(() => controller.close()),
    fail: (error) => settle(() => controller.error(error)),
  };
};
