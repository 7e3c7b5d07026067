import { again, first, warm } from './callback.mjs';
import callers from './callers.mjs';
import download from './download.mjs';
import live from './live.mjs';
import liveSpread from './live-spread.mjs';
import loginUrl from './login-url.mjs';
import memory from './memory.mjs';
import requests, { second } from './requests.mjs';
import start from './start.mjs';
import { ahead, latency, stream } from './vault.mjs';
import wake, { onDemand } from './wake.mjs';
import wallJump from './wall-jump.mjs';

/** In the order of the table. */
export const ROWS = [
  download, start, live, liveSpread, loginUrl, warm, again, first, requests, second, memory, wake, onDemand, wallJump, callers,
  latency, stream, ahead,
];
