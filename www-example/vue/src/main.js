import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import { createAuth, createAuthGuard } from 'tokenward/vue';
import '../../pages/style.css';
import { createActions } from '../../shared/actions.js';
import { clientOptions, loadConfig } from '../../shared/demo.js';
import { comesBack, createLog } from '../../shared/log.js';
import { placement, readSettings } from '../../shared/settings.js';
import App from './App.vue';
import NotesView from './NotesView.vue';
import SessionView from './SessionView.vue';

// Vite finds the worker by this form of words.
const makeVault = (kind) =>
  kind === 'shared'
    ? new SharedWorker(new URL('tokenward/vault', import.meta.url), { type: 'module', name: 'tokenward vue' })
    : new Worker(new URL('tokenward/vault', import.meta.url), { type: 'module' });

const cameBack = comesBack();
const settings = readSettings();
const config = await loadConfig();
const auth = createAuth(clientOptions(config, '/vue/', placement(settings, makeVault)));
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

const log = createLog(client, cameBack);
const actions = createActions(client, log, config);

createApp(App).use(auth).use(router).provide('demo', { config, log, actions, settings }).mount('#app');
