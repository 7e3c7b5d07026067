// What a page loads that is its own vault.

import type { Connect } from './core.js';
import { inPage } from './in-page.js';
import { startInlined, type Inlined } from './inlined.js';

export const connectWith = (inlined: Inlined): Connect => inPage(startInlined(inlined));
