// What a page loads that is its own vault.

import { inPage } from './in-page.js';
import { startInlined } from './inlined.js';

export const connect = /*#__PURE__*/ inPage(startInlined);
