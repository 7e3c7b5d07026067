// What the page of a front-channel logout and the tabs of its client say to each other.

/** A logout of the session whose `sid` has this digest, or of any. */
export interface LogoutMessage {
  tokenward: 1;
  logout: string | null;
}

/** A tab with such a session has heard it. */
export interface LogoutAnswer {
  tokenward: 1;
  heard: string | null;
}

/** Where the tabs of a client talk. */
export const channelOf = (name: string): string => `tokenward ${name}`;

/** SHA-256 of what is not to be said openly. */
export const digest = async (name: string, text: string): Promise<string> => {
  const octets = new TextEncoder().encode(JSON.stringify([name, text]));
  const hash = await crypto.subtle.digest('SHA-256', octets);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
};
