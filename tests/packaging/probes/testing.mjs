// node testing.mjs: what an app's test does.

import { createTestClient } from 'tokenward/testing';

const auth = createTestClient({ claims: { sub: 'ada' } });
console.log(auth.session.status, await auth.getToken());
