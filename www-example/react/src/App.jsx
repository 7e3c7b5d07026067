import { RequireAuth } from 'tokenward/react';
import { Actions } from './Actions.jsx';
import { Header } from './Header.jsx';
import { Known } from './Known.jsx';
import { Notes } from './Notes.jsx';
import { SessionCard } from './SessionCard.jsx';
import { Timeline } from './Timeline.jsx';
import { Trouble } from './Trouble.jsx';
import { usePath } from './path.js';
import { useDemo } from './useDemo.js';

export function App({ config, options }) {
  const demo = useDemo(config, options);
  const path = usePath();
  return (
    <>
      <Header path={path} />
      <main className="grid">
        <div className="stack">
          {path === '/react/notes' ? (
            <RequireAuth fallback={<p className="card quiet">One moment…</p>} renderError={explain}>
              <Notes apiUrl={config.apiUrl} />
            </RequireAuth>
          ) : (
            <>
              <SessionCard rotations={demo.rotations} />
              <Actions actions={demo.actions} />
              <Trouble actions={demo.actions} lifetime={config.lifetime} />
              <Known />
            </>
          )}
        </div>
        <Timeline entries={demo.entries} />
      </main>
    </>
  );
}

function explain(error, retry) {
  return (
    <section className="card stack">
      <p className="problem" data-testid="error" data-code={error.code}>{error.code}: {error.hint}</p>
      <div className="actions">
        <button className="primary" data-testid="login" onClick={retry}>Sign in</button>
      </div>
    </section>
  );
}
