import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider } from 'tokenward/react';
import '../../pages/style.css';
import { clientOptions, loadConfig } from '../../shared/demo.js';
import { comesBack } from '../../shared/log.js';
import { placement, readSettings } from '../../shared/settings.js';
import { App } from './App.jsx';

// Vite finds the worker by this form of words.
const makeVault = (kind) =>
  kind === 'shared'
    ? new SharedWorker(new URL('tokenward/vault', import.meta.url), { type: 'module', name: 'tokenward react' })
    : new Worker(new URL('tokenward/vault', import.meta.url), { type: 'module' });

const cameBack = comesBack();
const settings = readSettings();
const config = await loadConfig();
const options = clientOptions(config, '/react/', placement(settings, makeVault));

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <AuthProvider options={options}>
      <App config={config} options={options} settings={settings} cameBack={cameBack} />
    </AuthProvider>
  </StrictMode>,
);
