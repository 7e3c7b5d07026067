// How a callback page and the page that waits for it find each other. Apart from both, so that the first stays small.

export const CHANNEL = 'tokenward relay';

/** From the callback page its URL, back to it the `state` of a URL that was taken. */
export type RelayMessage = { tokenward: 1; url: string; taken?: never } | { tokenward: 1; taken: string; url?: never };
