import { useAuth } from 'tokenward/react';
import { claimRows } from '../../shared/words.js';

export function Known() {
  const { claims, session } = useAuth();
  if (!claims) return null;
  return (
    <section className="card" aria-labelledby="known" data-testid="profile">
      <h2 id="known">What this page knows</h2>
      <ul className="chips" data-testid="scope" aria-label="Scope">
        {(session.scope ?? '').split(' ').filter(Boolean).map((name) => <li key={name}>{name}</li>)}
      </ul>
      <dl className="facts claims" data-testid="claims" aria-label="Claims">
        {claimRows(claims).flatMap(([name, value]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name}=`}>{value}</dd>,
        ])}
      </dl>
    </section>
  );
}
