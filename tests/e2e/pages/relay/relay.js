import { relay } from '/pkg/dist/callback.js';

if (!(await relay())) location.replace(`/e2e/app/${location.search}`);
