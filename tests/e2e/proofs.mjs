// The proofs (RFC 9449) that left a page.

import { decodeJwt } from 'jose';

/** Every proof that left the page, in its order, with the token beside it. */
export const watchProofs = () => {
  window.seen.proofs = [];
  const { fetch } = window;
  window.fetch = (input, init) => {
    // Whoever sends a proof sends a finished request.
    const { url = String(input), headers = new Headers() } = input;
    seen.proofs.push({ url, proof: headers.get('dpop'), token: headers.get('authorization') });
    return fetch(input, init);
  };
};

/** Those for addresses with this part. */
export const proofs = async (stage, part) => (await stage.seen('proofs')).filter(({ url, proof }) => proof && url.includes(part));

/** What they say. */
export const claims = (entries) => entries.map(({ proof }) => decodeJwt(proof));
