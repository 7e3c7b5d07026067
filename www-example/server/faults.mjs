// Servers and networks that fail on request.

/**
 * @typedef {object} FaultOptions what goes wrong; members combine, in this order
 * @property {string} [grant] only token requests of this grant type
 * @property {(request: { kind: string, grant?: string, url: URL, body: string }) => boolean} [when]
 * @property {number} [times] how many requests; without it, all until `clear()`
 * @property {number} [forMs] for how long; without it, until `clear()`
 * @property {number | Promise<unknown>} [delay] wait (milliseconds, or for a promise) before the server acts
 * @property {'request' | 'answer' | 'body'} [drop] cut the connection: before the server acts ('request'), after it
 *   acted but before a byte of the answer ('answer'), or in the middle of the answer's body ('body')
 * @property {number} [status] answer with this status instead of acting
 * @property {number | string} [retryAfter] the Retry-After header of that answer
 * @property {Record<string, string>} [headers] more headers of that answer
 * @property {string | object} [body] the body of that answer; objects as JSON
 * @property {boolean} [cors] whether that answer may be read by pages (default true)
 * @property {(json: any) => any} [rewrite] replaces a JSON answer after the server acted
 * @property {number | Promise<unknown>} [delayAnswer] wait after the server acted
 */

export function createFaults() {
  const active = new Set();

  return {
    /**
     * Makes requests of `kind` (one of counts.KINDS, or '*' for all at the provider) go wrong.
     * @param {string} kind
     * @param {FaultOptions} options
     * @returns {{ readonly hits: number, clear(): void }}
     */
    add(kind, options) {
      const fault = { kind, options, hits: 0, until: Infinity };
      if (options.forMs !== undefined) fault.until = performance.now() + options.forMs;
      active.add(fault);
      return {
        get hits() {
          return fault.hits;
        },
        clear: () => {
          active.delete(fault);
        },
      };
    },

    clear() {
      active.clear();
    },

    /** The fault that meets this request, if any; taking it uses it up. */
    take(request) {
      for (const fault of active) {
        const { grant, when, times } = fault.options;
        if (performance.now() >= fault.until) {
          active.delete(fault);
          continue;
        }
        const isApi = request.kind === 'api' || request.kind === 'apiPreflight';
        if (fault.kind === '*' ? isApi : fault.kind !== request.kind) continue;
        if (grant !== undefined && request.grant !== grant) continue;
        if (when && !when(request)) continue;
        fault.hits += 1;
        if (times !== undefined && fault.hits >= times) active.delete(fault);
        return fault.options;
      }
      return undefined;
    },
  };
}

/** Waits for a number of milliseconds or for a promise. */
export function pause(delay) {
  return typeof delay === 'number' ? new Promise((resolve) => { setTimeout(resolve, delay); }) : delay;
}
