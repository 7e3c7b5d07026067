// `auth.fetch` in the vault: the request is made here, with the token; what is in it came from a page.

import { give, type Giver } from '../give.js';
import { take } from '../pipe.js';
import type { RequestBody, RequestHead, RequestToPage } from '../protocol.js';
import type { AuthClient } from '../types.js';
import { refusal, toRecord } from './errors.js';
import { readPiece } from './messages.js';

/** A request that is under way. */
export interface Carried {
  stop(): void;
}

/** Headers of an answer that are between the server and who holds the token. */
const KEPT_BACK = ['authorization', 'authentication-info', 'dpop', 'dpop-nonce', 'proxy-authorization', 'set-cookie', 'set-cookie2'];

/** More pieces than this are not asked for at once. */
const PULLS = 4;

/** Whether this browser can send a stream: it must ask for `duplex` and not take the stream for a text. */
const sendsStreams = (): boolean => {
  let asked = false;
  try {
    const init = {
      method: 'POST',
      body: new ReadableStream(),
      get duplex() {
        asked = true;
        return 'half';
      },
    };
    return !new Request('https://localhost/', init).headers.has('content-type') && asked;
  } catch {
    return false;
  }
};
let streams: boolean | undefined;

/** Makes one request. `done` is called once, when nothing more will happen. */
export const carry = (
  head: RequestHead,
  body: RequestBody,
  port: MessagePort,
  fetch: AuthClient['fetch'],
  done: () => void,
): Carried => {
  const gone = new AbortController();
  const post = (message: RequestToPage) => port.postMessage(message);
  let download: Giver | undefined;
  let pulls = 0;
  let over = false;

  const close = () => {
    if (over) return;
    over = true;
    port.close();
    done();
  };
  const stop = () => {
    // First: aborting makes the rest fail, and nobody is there to hear it.
    close();
    gone.abort();
    download?.stop();
    upload?.fail(new TypeError('the page gave up'));
  };
  const fail = (error: unknown) => {
    if (over) return;
    post(['fail', toRecord(error)]);
    stop();
  };

  const upload = body === true ? take(port, () => {}) : undefined;
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    const message = readPiece(data);
    switch (message?.[0]) {
      case 'pull':
        if (download && pulls < PULLS) {
          pulls += 1;
          void download.pull().finally(() => (pulls -= 1));
          return;
        }
        break;
      case 'chunk':
        if (upload?.piece(message[1])) return;
        break;
      case 'end':
        if (upload) return upload.end();
        break;
      case 'fail':
      case 'abort':
        return stop();
      default:
    }
    if (!over) post(['fail', refusal('vault_message')]);
    stop();
  };
  port.onmessageerror = stop;
  port.addEventListener('close', stop);

  const send = async (): Promise<void> => {
    const { url, method, headers, mode, credentials, cache, redirect, referrer, referrerPolicy, integrity, keepalive } = head;
    const init: RequestInit & { duplex?: 'half' } = {
      method,
      headers,
      // Without CORS there would be no token in it, and no answer out of it.
      mode: mode === 'same-origin' ? mode : 'cors',
      credentials,
      cache,
      redirect,
      referrer,
      referrerPolicy,
      integrity,
      keepalive,
      signal: gone.signal,
    };
    if (upload) {
      // Browsers send streams over HTTP/2 only, and that they speak over TLS only.
      if (url.startsWith('https:') && (streams ??= sendsStreams())) Object.assign(init, { body: upload.stream, duplex: 'half' });
      else init.body = await new Response(upload.stream).blob();
    } else if (Array.isArray(body)) {
      const form = new FormData();
      for (const [name, value] of body) form.append(name, value as string);
      init.body = form;
    } else if (body !== undefined) init.body = body as string | Blob;

    const response = await fetch(url, init);
    if (response.body) {
      download = give(port, response.body, (failed, error) => (failed ? fail(error) : close()));
    }
    const { status, statusText, redirected, type } = response;
    const shown = [...response.headers].filter(([name]) => !KEPT_BACK.includes(name)) as [string, string][];
    post(['head', { status, statusText, headers: shown, url: response.url, redirected, type, body: !!response.body }]);
    if (!response.body) close();
  };
  send().catch(fail);
  return { stop };
};
