import { createClient } from 'tokenward';
import { AuthProvider, RequireAuth, useAccessToken, useAuth } from 'tokenward/react';

const options = { issuer: 'https://id.example.com', clientId: 'spa' };
const client = createClient(options);

export const providers = [
  <AuthProvider key="1" options={options} />,
  <AuthProvider key="2" client={client} onReturn={(path) => path.length}>
    <p>app</p>
  </AuthProvider>,
  // @ts-expect-error one of the two
  <AuthProvider key="3" />,
  // @ts-expect-error not both
  <AuthProvider key="4" options={options} client={client} />,
  // @ts-expect-error misspelt
  <AuthProvider key="5" options={{ issuer: 'https://id.example.com', clientID: 'spa' }} />,
];

export const Page = () => {
  const { status, isSignedIn, claims, error, login, getToken } = useAuth();
  const { token } = useAccessToken({ minValidity: 60 });
  // @ts-expect-error no such status
  if (status === 'ready') return null;
  if (status === 'loading' || status === 'failed') return <p>{error?.hint}</p>;
  const text: string | null = token;
  const fresh: Promise<string> = getToken({ fresh: true });
  void fresh;
  return isSignedIn ? (
    <p>
      {claims?.name} {text}
    </p>
  ) : (
    <button onClick={() => void login({ returnTo: '/' })}>Log in</button>
  );
};

export const guards = [
  <RequireAuth key="1" fallback="…">
    <Page />
  </RequireAuth>,
  <RequireAuth
    key="2"
    login={{ prompt: 'login' }}
    onSignedOut={(auth) => void auth.login()}
    renderError={(error, retry) => <button onClick={retry}>{error.message}</button>}
  />,
  // @ts-expect-error the guard gives the signal itself
  <RequireAuth key="3" login={{ signal: AbortSignal.abort() }} />,
];
