import { useEffect, useState } from 'react';
import { secondsLeft, shareLeft } from '../../shared/words.js';

/** The wait for a moment; give it a `key` so that the next one starts a full ring. */
export function Countdown({ moment }) {
  const [begin] = useState(Date.now);
  const [now, setNow] = useState(begin);

  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);

  const left = secondsLeft(moment, now);
  const share = shareLeft(begin, moment, now);
  return (
    <div className="ring" data-low={left !== null && share < 0.25}>
      <svg viewBox="0 0 100 100" aria-hidden="true">
        <circle className="track" cx="50" cy="50" r="45" />
        <circle className="left" cx="50" cy="50" r="45" pathLength="100" strokeDasharray="100" strokeDashoffset={100 - share * 100} />
      </svg>
      <div className="value" role="timer" aria-label="Seconds until the next rotation">
        <b data-testid="countdown">{left ?? '–'}</b>
        <span>to rotation</span>
      </div>
    </div>
  );
}
