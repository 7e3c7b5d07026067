import { timeOfDay } from '../../shared/words.js';

export function Timeline({ entries }) {
  return (
    <aside className="side" aria-labelledby="events">
      <section className="card">
        <h2 id="events">Timeline</h2>
        <ol className="timeline" data-testid="timeline" aria-live="polite" aria-relevant="additions">
          {entries.map(({ id, at, kind, title, detail, tone }) => (
            <li key={id} data-event={kind} data-tone={tone}>
              <div className="title">{title}<time dateTime={at.toISOString()}>{timeOfDay(at)}</time></div>
              <p>{detail}</p>
            </li>
          ))}
        </ol>
      </section>
    </aside>
  );
}
