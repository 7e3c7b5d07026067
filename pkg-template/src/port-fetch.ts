import { fromRecord } from './errors.js';
import type { Giver } from './give.js';
import { loaded } from './loaded.js';
import { take, type Taker } from './pipe.js';
import type { RequestBody, RequestHead, RequestToPage, RequestToVault, ResponseHead } from './protocol.js';
import type { AuthClient } from './types.js';

/** Sends a request to the vault, with a port of its own. */
export type Send = (head: RequestHead, body: RequestBody, port: MessagePort) => void;

/** `auth.fetch` of a page whose tokens are elsewhere. `open`: what must hear when the vault is lost. */
export const createPortFetch =
  (send: Send, open: Set<(error: unknown) => void>): AuthClient['fetch'] =>
  async (input, init) => {
    const stream = init?.body instanceof ReadableStream ? (init.body as ReadableStream<Uint8Array>) : undefined;
    // Not every browser knows requests with streams.
    const request = new Request(input, stream ? { ...init, body: null } : init);
    const { signal } = request;
    const giving = stream && (await loaded(import('./give.js')));
    const body = stream ? true : await bodyOf(request, init?.body);
    const head = {} as Record<string, unknown>;
    for (const name of PARTS) head[name] = request[name];
    head.headers = [...request.headers];
    signal.throwIfAborted();

    return new Promise((resolve, reject) => {
      const { port1: port, port2 } = new MessageChannel();
      const post = (message: RequestToVault) => port.postMessage(message);
      let upload: Giver | undefined;
      let download: Taker | undefined;

      const close = () => {
        open.delete(fail);
        signal.removeEventListener('abort', abort);
        port.close();
      };
      const fail = (error: unknown) => {
        post(['abort']);
        close();
        reject(error);
        download?.fail(error);
        upload?.stop(error);
      };
      const abort = () => fail(signal.reason);
      open.add(fail);
      signal.addEventListener('abort', abort);

      upload = stream && giving?.give(port, stream, (failed, error) => failed && fail(error));
      port.onmessage = ({ data }: MessageEvent<RequestToPage>) => {
        const [verb, value] = data;
        if (verb === 'pull') void upload?.pull();
        else if (verb === 'chunk') download?.piece(value);
        else if (verb === 'end') {
          close();
          download?.end();
        } else if (verb === 'head') {
          if (value.body) {
            download = take(port, () => {
              post(['abort']);
              close();
            });
          } else close();
          resolve(dressed(new Response(download?.stream ?? null, value), value));
        } else fail('code' in value ? fromRecord(value) : new TypeError(value.message));
      };
      send(head as unknown as RequestHead, body, port2);
    });
  };

const PARTS = ['url', 'method', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive'] as const;

/** Text, files and forms travel as they are. */
const bodyOf = async (request: Request, given: unknown): Promise<RequestBody> => {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  if (typeof given === 'string' || given instanceof Blob) return given;
  if (given instanceof FormData) {
    // It names a boundary that the vault will not use.
    request.headers.delete('content-type');
    return [...given];
  }
  const blob = await request.blob();
  return blob.size ? blob : undefined;
};

/** A response that an app made itself would not know where it came from. */
const dressed = (response: Response, { url, redirected, type }: ResponseHead): Response =>
  Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
    clone: { value: () => dressed(Response.prototype.clone.call(response), { url, redirected, type } as ResponseHead) },
  });
