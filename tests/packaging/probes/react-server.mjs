// node react-server.mjs: what a server renders.

import { createElement as h } from 'react';
import { renderToString } from 'react-dom/server';
import { AuthProvider, RequireAuth, useAuth } from 'tokenward/react';

const Status = () => h('p', null, useAuth().status);
const app = h(
  AuthProvider,
  { options: { issuer: 'https://id.example.com', clientId: 'spa' } },
  h(Status),
  h(RequireAuth, { fallback: 'wait' }, 'secret'),
);
console.log(renderToString(app));
