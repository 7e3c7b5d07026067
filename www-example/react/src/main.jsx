import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AuthProvider } from 'tokenward/react';
import '../../pages/style.css';
import { clientOptions, loadConfig } from '../../shared/demo.js';
import { App } from './App.jsx';

const config = await loadConfig();
const options = clientOptions(config, '/react/');

createRoot(document.getElementById('app')).render(
  <StrictMode>
    <AuthProvider options={options}>
      <App config={config} options={options} />
    </AuthProvider>
  </StrictMode>,
);
