// An app in StrictMode of React's development build, which mounts everything twice.

import { StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider, useAccessToken, useAuth } from 'tokenward/react';

window.mounted = 0;

function App() {
  const auth = useAuth();
  const { token } = useAccessToken();
  useEffect(() => {
    window.mounted += 1;
  }, []);
  useEffect(() => {
    window.auth = auth;
    // While the page is being left, it is not ready again.
    if (auth.status !== 'loading' && auth.status !== 'signing-in') window.ready = true;
  }, [auth]);
  return <p data-testid="status">{auth.status} {auth.claims?.name ?? 'nobody'} {token ? 'with a token' : 'without'}</p>;
}

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <AuthProvider options={setup.options}>
      <App />
    </AuthProvider>
  </StrictMode>,
);
