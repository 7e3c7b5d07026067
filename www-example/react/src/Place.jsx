import { useAuth } from 'tokenward/react';
import { PERSISTENCE_WORDS, VAULT_WORDS, choices, choose } from '../../shared/settings.js';

const SWITCHES = [
  ['vault', 'Where the tokens are', 'A worker keeps tokens out of the page; a shared one serves all tabs, and a new tab is signed in at once.'],
  ['persistence', 'What outlives a reload', 'Sealed: encrypted under a key that cannot be read out, so that a reload keeps the login.'],
];

export function Place({ settings }) {
  const { session } = useAuth();
  return (
    <section className="card" aria-labelledby="place">
      <h2 id="place">Where the session lives</h2>
      <ul className="switches">
        {SWITCHES.map(([name, label, words]) => (
          <li key={name}>
            <select data-testid={name} aria-label={label} defaultValue={settings[name]} onChange={(event) => choose(name, event.target.value)}>
              {choices(name).map(([value, text]) => <option key={value} value={value}>{text}</option>)}
            </select>
            <p>{words}</p>
          </li>
        ))}
        <li>
          <a className="button" href="/react/" target="_blank" rel="noopener" data-testid="open-tab">Open another tab</a>
          <p>Now in <b data-testid="lives" data-vault={session?.vault} data-persistence={session?.persistence}>
            {session ? `${VAULT_WORDS[session.vault]}, ${PERSISTENCE_WORDS[session.persistence]}` : '…'}
          </b>.</p>
        </li>
      </ul>
    </section>
  );
}
