import type { AuthClient } from 'tokenward';

export type * from 'tokenward/slim';
export type * as Providers from 'tokenward/providers';
export type * as ReactAdapter from 'tokenward/react';
export type * as VueAdapter from 'tokenward/vue';

declare const auth: AuthClient;

void auth.dispose();
export const members: 'session' extends keyof AuthClient ? true : false = true;
// @ts-expect-error Without the symbol in the lib there is no such member, and the declarations compile.
export const symbols: Extract<keyof AuthClient, symbol> = Symbol.iterator;
