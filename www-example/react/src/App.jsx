import { RequireAuth } from 'tokenward/react';
import { Actions } from './Actions.jsx';
import { Header } from './Header.jsx';
import { Known } from './Known.jsx';
import { Notes } from './Notes.jsx';
import { Place } from './Place.jsx';
import { SessionCard } from './SessionCard.jsx';
import { Timeline } from './Timeline.jsx';
import { Trouble } from './Trouble.jsx';
import { usePath } from './path.js';
import { useDemo } from './useDemo.js';

export function App({ config, options, settings, cameBack }) {
  const demo = useDemo(config, options, cameBack);
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
              <Place settings={settings} />
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
