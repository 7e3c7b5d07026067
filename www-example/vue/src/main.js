import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import { createAuth, createAuthGuard } from 'tokenward/vue';
import '../../pages/style.css';
import { createActions } from '../../shared/actions.js';
import { clientOptions, loadConfig } from '../../shared/demo.js';
import { createLog } from '../../shared/log.js';
import App from './App.vue';
import NotesView from './NotesView.vue';
import SessionView from './SessionView.vue';

const config = await loadConfig();
const auth = createAuth(clientOptions(config, '/vue/'));
const client = await auth.ready().catch((error) => {
  document.getElementById('app').textContent = `${error.code}: ${error.hint}`;
  throw error;
});

const router = createRouter({
  history: createWebHistory('/vue/'),
  routes: [
    { path: '/', component: SessionView },
    { path: '/notes', component: NotesView, meta: { requiresAuth: true } },
  ],
});
router.beforeEach(createAuthGuard(auth, router));
// A login that failed is told on the session page, not tried again.
router.onError(() => router.replace('/'));

const log = createLog(client);
const actions = createActions(client, log, config);

createApp(App).use(auth).use(router).provide('demo', { config, log, actions }).mount('#app');
