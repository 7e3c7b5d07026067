import { useEffect, useState } from 'react';
import { useAuth } from 'tokenward/react';
import { timeOfDay } from '../../shared/words.js';

/** Behind <RequireAuth>: whoever opens it signed out is sent to the login and comes back here. */
export function Notes({ apiUrl }) {
  const { fetch, claims } = useAuth();
  const [notes, setNotes] = useState(null);
  const [problem, setProblem] = useState(null);

  useEffect(() => {
    const gone = new AbortController();
    fetch(`${apiUrl}/notes`, { signal: gone.signal })
      .then((response) => response.json())
      .then((body) => setNotes(body.notes ?? []))
      .catch((error) => gone.signal.aborted || setProblem(error.message));
    return () => gone.abort();
  }, [apiUrl, fetch]);

  const add = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    try {
      const response = await fetch(`${apiUrl}/notes`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ text: new FormData(form).get('text') }),
      });
      if (!response.ok) throw new Error(`the API answered ${response.status}`);
      const note = await response.json();
      setNotes((old) => [...(old ?? []), note]);
      setProblem(null);
      form.reset();
    } catch (error) {
      setProblem(error.message);
    }
  };

  return (
    <section className="card" aria-labelledby="notes">
      <h1 id="notes">Private notes</h1>
      <p className="quiet lead">Only {claims?.name ?? 'you'} can read them: the API checks the token of every request.</p>
      <form className="note" onSubmit={add}>
        <label>New note<input name="text" required maxLength={500} autoComplete="off" data-testid="note-text" /></label>
        <button className="primary" data-testid="note-add">Add</button>
      </form>
      {problem && <p className="problem" data-testid="error">{problem}</p>}
      <ul className="notes" data-testid="notes">
        {(notes ?? []).map((note) => (
          <li key={note.id}>{note.text}<time dateTime={note.at}>{timeOfDay(new Date(note.at))}</time></li>
        ))}
      </ul>
      {notes?.length === 0 && <p className="quiet">None yet.</p>}
    </section>
  );
}
