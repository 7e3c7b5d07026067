// What the presets share: their result, and the check of their arguments.

import { AuthError, messageOf } from '../errors.js';
import type { ClientSettings } from '../types.js';

/**
 * What a preset gives: members of {@link ClientOptions}, as plain data. Pass it as the option `provider`, or spread it
 * and put your own options behind it: `{ ...keycloak({ url, realm }), clientId }`.
 */
export interface ProviderPreset
  extends Pick<
    ClientSettings,
    'discovery' | 'metadata' | 'scope' | 'extraParams' | 'repairs' | 'sessionLifetime' | 'logoutUriParam'
  > {
  /** The issuer identifier. */
  issuer: string;
}

/** The token endpoint of a provider that does not serve a browser app by itself. */
export interface ViaProxy {
  /**
   * Absolute URL of a small proxy of yours that adds the client secret and passes the request on; docs/providers has one
   * in 40 lines. It must let in your app's origin only.
   */
  tokenEndpoint: string;
}

/** What an argument must be. With a question mark it may be left out. */
type Kind = 'text' | 'host' | 'url' | 'guid' | 'flag';
type Rule = Kind | `${Kind}?`;

const refuse = (code: 'option_unknown' | 'option_missing' | 'option_invalid', path: string, hint: string): never => {
  throw new AuthError({ code, phase: 'options', retryable: false, message: messageOf(code, path), hint, path });
};

const isUrl = (text: string): boolean => {
  try {
    const { protocol, hostname, username, password, hash } = new URL(text);
    const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
    return (protocol === 'https:' || (protocol === 'http:' && loopback)) && !username && !password && !hash;
  } catch {
    return false;
  }
};

const fits = (kind: Kind, value: unknown): boolean => {
  if (kind === 'flag') return typeof value === 'boolean';
  if (typeof value !== 'string' || !value) return false;
  if (kind === 'url') return isUrl(value);
  if (kind === 'host') return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(value);
  return kind === 'text' || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
};

/**
 * Checks the arguments of a preset, each read once. `why`: why the provider needs `tokenEndpoint`, for the error when it is
 * missing.
 */
export const read = <T extends object>(preset: string, given: T, rules: { [Key in keyof Required<T>]: Rule }, why?: string): T => {
  if (typeof given !== 'object' || given === null) refuse('option_invalid', preset, 'Pass an object.');
  const known = Object.keys(rules);
  const args = { ...given } as Record<string, unknown>;
  for (const name of Object.keys(args)) {
    if (!known.includes(name)) refuse('option_unknown', `${preset}.${name}`, `There are: ${known.join(', ')}.`);
  }
  for (const name of known) {
    const rule = (rules as Record<string, Rule>)[name] as Rule;
    const path = `${preset}.${name}`;
    if (args[name] !== undefined) {
      if (!fits(rule.replace('?', '') as Kind, args[name])) refuse('option_invalid', path, 'Correct the value of the option.');
    } else if (!rule.endsWith('?')) {
      refuse('option_missing', path, (name === 'tokenEndpoint' && why) || 'Set the option.');
    }
  }
  return args as T;
};

/** Without the slash at the end. */
export const bare = (url: string): string => url.replace(/\/+$/, '');
