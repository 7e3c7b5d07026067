import { useState } from 'react';
import { useAuth } from 'tokenward/react';

const BUTTONS = [
  ['call-api', 'callApi', 'Call the API', 'primary'],
  ['get-token', 'getToken', 'Get a token'],
  ['get-token-many', 'getTokens', 'Get a fresh one, 1,000 times at once'],
];

export function Actions({ actions }) {
  const { status } = useAuth();
  const [result, setResult] = useState(null);
  const live = actions && (status === 'signed-in' || status === 'refreshing' || status === 'expired');

  return (
    <section className="card" aria-labelledby="use">
      <h2 id="use">Use it</h2>
      <div className="actions">
        {BUTTONS.map(([id, action, text, look]) => (
          <button key={id} className={look} data-testid={id} disabled={!live}
            onClick={async () => {
              setResult('…');
              setResult(await actions[action]());
            }}>
            {text}
          </button>
        ))}
      </div>
      <p className="result" data-testid="api-result" role="status">
        {result ?? <span className="quiet">Answers appear here.</span>}
      </p>
    </section>
  );
}
