import type { Plain } from './core.js';
import { failure } from './errors.js';

const DEPTH = 10;

/**
 * Copies own properties, each read exactly once, into records without a prototype: what was checked is what
 * is used, and `Object.prototype.issuer = …` is no option. Keys are sorted so that equal options serialise
 * equally; undefined members are left out.
 */
const copy = (value: unknown, path: string, depth: number, aside?: readonly string[]): unknown => {
  if (path && aside?.includes(path)) return value;
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint' || depth > DEPTH) {
    throw failure('option_invalid', path);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const length = value.length;
    const list: unknown[] = [];
    for (let i = 0; i < length; i++) list.push(copy(value[i], `${path}[${i}]`, depth + 1));
    return list;
  }
  // A URL, a Date, a Map or a class instance would come out empty. The second step up allows for other realms.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw failure('option_invalid', path);
  const record = Object.create(null) as Plain;
  for (const key of Object.keys(value).sort()) {
    const member = copy((value as Plain)[key], path ? `${path}.${key}` : key, depth + 1, aside);
    if (member !== undefined) record[key] = member;
  }
  return record;
};

/** The own properties of an options object; an empty record when there is none. `aside`: those that may be no data. */
export const plain = (options: unknown, aside?: readonly string[]): Plain => {
  const record = copy(options ?? {}, '', 0, aside);
  if (typeof record !== 'object' || Array.isArray(record)) throw failure('option_invalid', 'options');
  return record as Plain;
};

/** The members of a preset; none without one. */
export const provided = (preset: unknown): Plain => {
  if (preset !== undefined && (typeof preset !== 'object' || Array.isArray(preset))) throw failure('option_invalid', 'provider');
  return preset as Plain;
};

/** Takes one member out of a record. */
export const take = (record: Plain, key: string): unknown => {
  const value = record[key];
  delete record[key];
  return value;
};

/** Separates the signal, which is not data, from the arguments of a call. */
export const withSignal = (
  options: { signal?: AbortSignal } | undefined,
): { args: Plain; signal: AbortSignal | undefined } => {
  const { signal, ...rest } = options ?? {};
  return { args: plain(rest), signal };
};

/** The arguments of a login. */
export const loginArguments = (options: Parameters<typeof withSignal>[0]): ReturnType<typeof withSignal> => {
  const given = withSignal(options);
  // They travel as text (OIDC Core 5.5, RFC 9396 2).
  for (const name of ['claims', 'authorizationDetails']) {
    if (typeof given.args[name] === 'object') given.args[name] = JSON.stringify(given.args[name]);
  }
  return given;
};
