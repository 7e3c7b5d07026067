// The slim entry with its wasm as a file beside the script.
import { createClient } from 'tokenward/slim';

export const ready = ({ issuer, clientId, redirectUri, scope, metadata }) =>
  createClient(
    { issuer, clientId, redirectUri, scope, ...(metadata && { discovery: false, metadata }), handleRedirect: false },
    new URL('/pkg/dist/tokenward-lean.wasm', location),
  );
