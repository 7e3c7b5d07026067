import type { Plain } from './core.js';
import { failure } from './errors.js';

/** Answers whether a request may carry the token. */
export type Allowed = (method: string, url: string) => boolean;

const loopback = (host: string): boolean => /^(.+\.)?localhost$|^127(\.\d+){3}$|^\[::1\]$/.test(host);

/**
 * Whether a server that decodes the path once more could climb out of a folder. The URL parser has resolved
 * `..`, `%2e%2e` and `\` already; what is left are encoded slashes (`..%2f`), encodings of encodings
 * (`%252e`) and path parameters (`..;`).
 */
const climbs = (path: string): boolean =>
  /\/\.\.([/;]|$)/.test(
    path
      .replace(/%(25)*2e/gi, '.')
      .replace(/%(25)*(2f|5c)/gi, '/')
      .replace(/%(25)*3b/gi, ';'),
  );

/** An address, if it is one. */
export const parseUrl = (url: string): URL | undefined => {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
};

const strings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Reads the option `apis` and gives the check: exact origin, whole path segments. */
export const readApis = (option: unknown = [], page: string): Allowed => {
  if (!Array.isArray(option)) throw failure('option_invalid', 'apis');
  const rules = option.map((entry: unknown, i) => {
    const at = `apis[${i}]`;
    const { url, methods, ...rest } = (typeof entry === 'object' && entry ? entry : { url: entry, methods: undefined }) as Plain;
    for (const key of Object.keys(rest)) throw failure('option_unknown', `${at}.${key}`);
    if (methods !== undefined && !strings(methods)) throw failure('option_invalid', `${at}.methods`);
    const parsed = typeof url === 'string' && parseUrl(url);
    if (!parsed) throw failure('option_invalid', at);
    const { protocol, hostname, username, password, search, hash, pathname, origin } = parsed;
    const secure = protocol === 'https:' || (protocol === 'http:' && loopback(hostname) && loopback(page));
    if (!secure || username || password || search || hash || hostname.includes('*') || climbs(pathname)) {
      throw failure('option_invalid', at);
    }
    return {
      origin,
      folder: pathname.replace(/\/+$/, ''),
      methods: methods?.map((method) => method.toUpperCase()),
    };
  });
  return (method, target) => {
    const { origin, pathname } = new URL(target);
    return rules.some(
      (rule) =>
        rule.origin === origin &&
        (!rule.folder || `${pathname}/`.startsWith(`${rule.folder}/`)) &&
        (!rule.folder || !climbs(pathname)) &&
        (!rule.methods || rule.methods.includes(method.toUpperCase())),
    );
  };
};
