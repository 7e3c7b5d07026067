import { isAuthError, type AuthClient, type AuthError } from 'tokenward';
import { createTestClient, testError, type TestClient, type TestControls } from 'tokenward/testing';
import { createAuth } from 'tokenward/vue';

const auth: TestClient = createTestClient({
  claims: { sub: '1', name: 'Ada' },
  user: null,
  token: () => 't',
  scope: 'openid api',
  lifetime: 60,
  respond: async (request) => Response.json({ url: request.url }),
  exposeAccessToken: true,
  session: { vault: 'shared-worker', persistence: 'sealed', endsAt: 0 },
});
// It stands wherever a client stands.
const client: AuthClient = auth;
void createAuth(client);

const controls: TestControls = auth.controls;
controls.signIn({ sub: '2' });
controls.fail('getToken', 'network_failed', { status: 503 });
controls.expire('identity_changed');
const error: AuthError = testError('login_required');
isAuthError(error);

// @ts-expect-error there is always a sub
createTestClient({ claims: { name: 'Ada' } });
// @ts-expect-error no such code
controls.fail('getToken', 'no_such_code');
// @ts-expect-error no promise, no failure
controls.fail('subscribe', 'aborted');
// @ts-expect-error what is signed in is said by claims
createTestClient({ session: { status: 'signed-in' } });
