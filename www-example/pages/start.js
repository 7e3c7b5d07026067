import { loadConfig } from '/shared/demo.js';

const { issuer, apiUrl, clientId } = await loadConfig();
for (const [id, text] of Object.entries({ issuer, api: apiUrl, client: clientId })) {
  document.getElementById(id).textContent = text;
}
