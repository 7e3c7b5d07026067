// node vue-server.mjs: what a server renders, and where its router goes.

import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { RouterView, createMemoryHistory, createRouter } from 'vue-router';
import { createAuth, createAuthGuard, useAuth } from 'tokenward/vue';

const Status = { setup: () => { const { status } = useAuth(); return () => h('p', status.value); } };
const auth = createAuth({ issuer: 'https://id.example.com', clientId: 'spa' });
const router = createRouter({
  history: createMemoryHistory(),
  routes: [{ path: '/me', component: Status, meta: { requiresAuth: true } }],
});
router.beforeEach(createAuthGuard(auth, router));
await router.push('/me');
console.log(await renderToString(createSSRApp({ render: () => h(RouterView) }).use(auth).use(router)));
