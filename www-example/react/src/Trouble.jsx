import { useAuth } from 'tokenward/react';

export function Trouble({ actions, lifetime }) {
  const { isSignedIn } = useAuth();
  return (
    <section className="card" aria-labelledby="trouble">
      <h2 id="trouble">Make trouble</h2>
      <ul className="switches">
        <li>
          <select data-testid="lifetime" defaultValue={lifetime} aria-label="Token lifetime" disabled={!actions} onChange={(event) => actions.lifetime(event.target.value)}>
            <option value="60">Tokens live 60 s</option>
            <option value="20">Tokens live 20 s</option>
            <option value="8">Tokens live 8 s</option>
          </select>
          <p>How long the provider lets new access tokens live. Counts from the next rotation.</p>
        </li>
        <li>
          <button data-testid="outage" disabled={!actions} onClick={() => actions.outage()}>Server down for 20&nbsp;s</button>
          <p>Connections to the provider break. A network failure never ends a session: rotation waits and resumes.</p>
        </li>
        <li>
          <button className="danger" data-testid="expire" disabled={!actions || !isSignedIn} onClick={() => actions.expire()}>Let it expire</button>
          <p>The provider forgets this login and every token of it. The next rotation or API call finds out, and the
            session ends, once.</p>
        </li>
      </ul>
    </section>
  );
}
