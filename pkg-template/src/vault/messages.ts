// Whatever comes through a port was written by a page, and any script may be in it: nothing is used unread. What is
// here has been cloned already, so that it is data, without getters and with nobody else's hands on it.

import { parseUrl } from '../apis.js';
import type { Calls, Plain } from '../core.js';
import { plain } from '../options.js';
import type { Hello, RequestBody, RequestHead, RequestToVault, ToVault, Wake } from '../protocol.js';
import { ADDRESS, ENTRIES, PIECE, RECORD, TEXT } from './limits.js';

const NAMES: readonly string[] = ['restore', 'login', 'handleRedirect', 'getToken', 'proof', 'stepUp', 'userinfo', 'logout', 'revoke', 'loginWithDevice', 'exchangeToken'];
const WAKES: readonly Wake[] = ['restored', 'shown', 'online', 'waiting'];

const isText = (value: unknown, most: number): value is string => typeof value === 'string' && value.length <= most;

const isOp = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;

/** A member of a closed list. */
const isOneOf = <T>(list: readonly T[], value: unknown): value is T => list.includes(value as T);

/** Whether a value is small: counted in characters, a little for each member. */
const isSmall = (value: unknown): boolean => {
  let left = RECORD;
  const weigh = (item: unknown, depth: number): boolean => {
    left -= typeof item === 'string' ? item.length + 8 : 8;
    if (left < 0 || depth > 12) return false;
    if (typeof item !== 'object' || item === null) return true;
    if (Array.isArray(item) && item.length > left) return false;
    for (const key of Object.keys(item)) {
      left -= key.length;
      if (!weigh((item as Plain)[key], depth + 1)) return false;
    }
    return true;
  };
  return weigh(value, 0);
};

/** A record of data in a fixed order; nothing, when it is none. */
const record = (value: unknown): Plain | undefined => {
  if (typeof value !== 'object' || value === null || !isSmall(value)) return undefined;
  try {
    return plain(value);
  } catch {
    return undefined;
  }
};

const hasOnly = (value: Plain, keys: readonly string[]): boolean => Object.keys(value).every((key) => keys.includes(key));

/** What the other side says it is, whatever else it says. */
export const readVersion = (data: unknown): number | undefined => {
  const version = typeof data === 'object' && data !== null && Object.hasOwn(data, 'tokenward') ? (data as Hello).tokenward : undefined;
  return typeof version === 'number' ? version : undefined;
};

/** The first message; a page can speak for its own origin only. */
export const readHello = (data: unknown, origin: string): Hello | undefined => {
  const hello = record(data);
  const options = record(hello?.options);
  if (!hello || !options || !hasOnly(hello, ['tokenward', 'options', 'pageUrl'])) return undefined;
  const { pageUrl } = hello;
  if (!isText(pageUrl, ADDRESS) || parseUrl(pageUrl)?.origin !== origin) return undefined;
  return { tokenward: hello.tokenward as number, options, pageUrl };
};

/** A message of a page that is connected; nothing, when there is no such message. */
export const readMessage = (data: unknown, ports: number): ToVault | undefined => {
  if (!Array.isArray(data)) return undefined;
  const [verb, first, second, third] = data as unknown[];
  const is = (name: string, length: number, withPort = 0) => verb === name && data.length === length && ports === withPort;
  if (is('call', 4) && isOp(first) && isOneOf(NAMES, second)) {
    const args = third === undefined ? undefined : record(third);
    return third === undefined || args ? ['call', first, second as keyof Calls, args] : undefined;
  }
  if (is('cancel', 2) && isOp(first)) return ['cancel', first];
  if (is('wake', 2) && isOneOf(WAKES, first)) return ['wake', first];
  if (is('pong', 1)) return ['pong'];
  if (is('bye', 1)) return ['bye'];
  if (is('dispose', 1)) return ['dispose'];
  if (is('fetch', 3, 1)) {
    const head = readHead(first);
    const isBody = second === undefined || second === true || isPart(second) || isForm(second);
    if (head && isBody) return ['fetch', head, second as RequestBody];
  }
  return undefined;
};

const isPart = (value: unknown): boolean => isText(value, TEXT) || value instanceof Blob;

const isForm = (value: unknown): boolean => {
  let left = TEXT;
  const isEntry = (entry: unknown) => {
    if (!Array.isArray(entry) || entry.length !== 2 || !isText(entry[0], ADDRESS) || !isPart(entry[1])) return false;
    if (typeof entry[1] === 'string') left -= entry[1].length;
    return left >= 0;
  };
  return Array.isArray(value) && value.length <= ENTRIES && value.every(isEntry);
};

/** To whom a refusal can be addressed: the operation that a wrong message would have begun. */
export const readOp = (data: unknown): number | undefined =>
  Array.isArray(data) && data[0] === 'call' && isOp(data[1]) ? data[1] : undefined;

const TEXTS = ['method', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity'] as const;

/** What the words mean is the browser's affair: it makes a request of them, or throws. */
const readHead = (value: unknown): RequestHead | undefined => {
  const head = record(value);
  if (!head || !hasOnly(head, [...TEXTS, 'url', 'headers', 'keepalive'])) return undefined;
  const { url, headers, keepalive } = head;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string');
  const isFine =
    isText(url, ADDRESS) &&
    typeof keepalive === 'boolean' &&
    TEXTS.every((name) => typeof head[name] === 'string') &&
    Array.isArray(headers) &&
    headers.every(isPair);
  return isFine ? (head as unknown as RequestHead) : undefined;
};

/** A message on the port of one request. */
export const readPiece = (data: unknown): RequestToVault | undefined => {
  if (!Array.isArray(data)) return undefined;
  const [verb, bytes] = data as unknown[];
  if (verb === 'chunk') {
    const isPiece = data.length === 2 && bytes instanceof Uint8Array && bytes.byteLength <= PIECE;
    return isPiece ? ['chunk', bytes as Uint8Array<ArrayBuffer>] : undefined;
  }
  return data.length === 1 && isOneOf(['pull', 'end', 'fail', 'abort'] as const, verb) ? [verb] : undefined;
};
