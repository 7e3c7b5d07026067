import { frontChannelLogout } from '/pkg/dist/callback.js';

// Tells the page that embeds it, for the test; an app's page has nobody to tell.
parent.postMessage({ frontchannel: await frontChannelLogout(setup.options) }, '*');
