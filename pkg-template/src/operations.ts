import type { Calls, Core, ErrorRecord, Plain } from './core.js';
import type { AuthError } from './errors.js';
import type { DeviceCode } from './types.js';
import { failure, fromRecord } from './errors.js';

interface Pending {
  resolve(value: never): void;
  reject(error: AuthError): void;
  signal: AbortSignal | undefined;
  shown: Shown | undefined;
  stop(): void;
}

/** Hears what an operation has for the user while it waits. */
type Shown = (code: DeviceCode) => void;

/** The promises of one engine. They live outside of it, so that a panic cannot strand them. */
export interface Operations {
  /** Starts an operation. Only the engine's own cancellation is bound to the signal. */
  call<Name extends keyof Calls>(name: Name, args?: Plain, signal?: AbortSignal, shown?: Shown): Promise<Calls[Name]>;
  /** What an operation waits for the user with. */
  show(op: number, code: DeviceCode): void;
  /** The engine's answer. */
  settle(op: number, ok: boolean, value: unknown): void;
  /** Rejects everything pending and every later call. */
  close(error: AuthError): void;
}

/** `onTrap` hears of an engine that threw. */
export const createOperations = (core: () => Core, onTrap: (cause: unknown) => void): Operations => {
  const pending = new Map<number, Pending>();
  let next = 0;
  let closed: AuthError | undefined;

  const enter = (work: () => void): void => {
    try {
      work();
    } catch (cause) {
      onTrap(cause);
    }
  };

  return {
    call: (name, args, signal, shown) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(closed);
        if (signal?.aborted) return reject(failure('aborted', undefined, { cause: signal.reason }));
        const op = ++next;
        const abort = () => enter(() => core().cancel(op));
        pending.set(op, { resolve, reject, signal, shown, stop: () => signal?.removeEventListener('abort', abort) });
        signal?.addEventListener('abort', abort);
        enter(() => core().call(op, name, args));
      }),
    show: (op, code) => pending.get(op)?.shown?.(code),
    settle: (op, ok, value) => {
      const entry = pending.get(op);
      if (!entry) return;
      pending.delete(op);
      entry.stop();
      if (ok) return entry.resolve(value as never);
      const cause = entry.signal?.aborted ? { cause: entry.signal.reason as unknown } : undefined;
      entry.reject(fromRecord(value as ErrorRecord, cause));
    },
    close: (error) => {
      closed = error;
      for (const entry of pending.values()) {
        entry.stop();
        entry.reject(error);
      }
      pending.clear();
    },
  };
};
