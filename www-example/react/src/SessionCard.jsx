import { useState } from 'react';
import { useAccessToken, useAuth } from 'tokenward/react';
import { RENEWAL_WORDS, STATUS_WORDS, initials, nextMoment, tail } from '../../shared/words.js';
import { Countdown } from './Countdown.jsx';

export function SessionCard({ rotations }) {
  const { status, isSignedIn, claims, session, error, login, logout } = useAuth();
  const { token } = useAccessToken();
  const [failed, setFailed] = useState(null);
  const problem = failed ?? error;
  // The promise stays open while the browser leaves; with the Back button it rejects with `aborted`.
  const leave = (promise) => promise.catch((reason) => setFailed(reason.code === 'aborted' ? null : reason));
  const name = claims ? (claims.name ?? claims.sub) : 'Welcome';
  const live = status === 'signed-in' || status === 'refreshing' || status === 'expired';

  return (
    <section className="card session" aria-label="Session">
      <div className="person">
        <span className="pill" data-testid="status" role="status" data-status={status}>{STATUS_WORDS[status]}</span>
        <div className="who">
          <div className="badge" aria-hidden="true">{claims ? initials(name) : '?'}</div>
          <div>
            <h1 data-testid="user">{name}</h1>
            <p className="quiet" data-testid="email">{claims ? claims.email : 'Sign in to see your tokens rotate.'}</p>
          </div>
        </div>
        {problem && <p className="problem" data-testid="error" data-code={problem.code} data-retryable={problem.retryable}>{problem.code}: {problem.hint}</p>}
        <div className="actions">
          {!isSignedIn && <button className="primary" data-testid="login" onClick={() => leave(login())}>Sign in</button>}
          {live && <button data-testid="logout" onClick={() => leave(logout())}>Sign out</button>}
        </div>
      </div>
      <div className="countdown">
        <Countdown key={nextMoment(session)} moment={nextMoment(session)} />
        <dl className="figures">
          <div><dt>Rotations</dt><dd data-testid="rotations">{rotations}</dd></div>
          <div><dt>Token</dt><dd className="mono" data-testid="token-tail">{token ? tail(token) : '–'}</dd></div>
          <div><dt>Renewal</dt><dd data-testid="renewal" data-renewal={session?.renewal}>{RENEWAL_WORDS[session?.renewal] ?? '–'}</dd></div>
        </dl>
      </div>
    </section>
  );
}
