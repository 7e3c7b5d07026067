import { createClient } from 'tokenward';
import { createAuth, createAuthGuard, useAuth, type Auth } from 'tokenward/vue';
import { createApp, type ComputedRef } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';

const options = { issuer: 'https://id.example.com', clientId: 'spa' };
const auth: Auth = createAuth(options);
void createAuth(createClient(options));
// @ts-expect-error clientId is missing
void createAuth({ issuer: 'https://id.example.com' });

const router = createRouter({ history: createWebHistory(), routes: [] });
router.beforeEach(createAuthGuard(auth, router));
router.beforeEach(
  createAuthGuard(auth, router, { requires: (to) => to.fullPath !== '/', onSignedOut: () => '/welcome', login: { prompt: 'login' } }),
);
// @ts-expect-error the router is needed
router.beforeEach(createAuthGuard(auth));

createApp({}).use(auth).use(router);

export const setup = (): void => {
  const { isSignedIn, claims, login, status } = useAuth();
  const signedIn: ComputedRef<boolean> = isSignedIn;
  const name: string | undefined = claims.value?.name;
  // @ts-expect-error refs are read-only
  status.value = 'signed-in';
  void [signedIn, name, login({ returnTo: '/' })];
};
