import { follow } from './path.js';

const PAGES = [
  ['/react/', 'Session'],
  ['/react/notes', 'Private notes'],
];

export function Header({ path }) {
  return (
    <header className="bar">
      <a className="brand" href="/">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path fill="currentColor" d="M12 1.5 3.5 5v6.6c0 5 3.4 9.3 8.5 10.9 5.1-1.6 8.5-5.9 8.5-10.9V5L12 1.5Zm0 6.2a2.6 2.6 0 0 1 1.3 4.9l.7 3.7h-4l.7-3.7A2.6 2.6 0 0 1 12 7.7Z" />
        </svg>
        Tokenward
      </a>
      <nav className="tabs" aria-label="This app">
        {PAGES.map(([href, name]) => (
          <a key={href} href={href} onClick={follow} aria-current={path === href ? 'page' : undefined} data-testid={`open-${name.split(' ').at(-1).toLowerCase()}`}>
            {name}
          </a>
        ))}
      </nav>
      <nav className="tabs" aria-label="Examples">
        <a href="/plain/">Plain</a>
        <a href="/react/" aria-current="true">React</a>
        <a href="/vue/">Vue</a>
      </nav>
    </header>
  );
}
