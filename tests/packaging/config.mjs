// What an app has to know, in the two ways apps are told.

/** As a module. */
export const configModule = (config) =>
  Object.entries(config).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`).join('');

/** As environment variables that Vite hands on. */
export const viteEnvironment = ({ issuer, clientId, apiUrl }) => ({
  VITE_ISSUER: issuer,
  VITE_CLIENT_ID: clientId,
  VITE_API: apiUrl,
});
