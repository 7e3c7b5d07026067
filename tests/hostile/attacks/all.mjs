// Every attack that is a row of a table; what needs a story of its own is in tests/e2e/cases/hostile-*.mjs.

import authorization from './authorization.mjs';
import claims from './claims.mjs';
import discovery from './discovery.mjs';
import refresh from './refresh.mjs';
import signatures from './signatures.mjs';
import tokens from './tokens.mjs';

export const ATTACKS = [...authorization, ...claims, ...signatures, ...tokens, ...refresh, ...discovery];
