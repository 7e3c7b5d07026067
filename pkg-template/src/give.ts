// The side of a pipe that has the body. A page loads this to send a stream.

/** The side that has the body. */
export interface Giver {
  /** The other side asked for a piece. */
  pull(): Promise<void>;
  stop(reason?: unknown): void;
}

/** `ended` hears when the last piece is sent, or of what went wrong. */
export const give = (port: MessagePort, stream: ReadableStream<Uint8Array>, ended: (failed: boolean, error?: unknown) => void): Giver => {
  const reader = stream.getReader();
  return {
    pull: async () => {
      try {
        const { done, value } = await reader.read();
        if (done) {
          port.postMessage(['end']);
          ended(false);
        } else {
          // A copy: whoever made the piece may still need it.
          const bytes = Uint8Array.prototype.slice.call(value);
          port.postMessage(['chunk', bytes], [bytes.buffer]);
        }
      } catch (error) {
        ended(true, error);
      }
    },
    stop: (reason) => void reader.cancel(reason).catch(() => {}),
  };
};
