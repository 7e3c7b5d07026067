import { useEffect, useState, useSyncExternalStore } from 'react';
import { createClient } from 'tokenward';
import { createActions } from '../../shared/actions.js';
import { createLog } from '../../shared/log.js';

const NOTHING = { entries: [], rotations: 0 };
const silence = { subscribe: () => () => {}, get: () => NOTHING };

/** What the demo adds to a client: the log of its events and the buttons' actions. */
export function useDemo(config, options, cameBack) {
  const [demo, setDemo] = useState(null);

  useEffect(() => {
    let gone = false;
    let log;
    // Asked with equal options, createClient gives the client that <AuthProvider> has made.
    createClient(options).then(
      (auth) => {
        if (gone) return;
        log = createLog(auth, cameBack);
        setDemo({ log, actions: createActions(auth, log, config) });
      },
      () => {}, // useAuth() tells.
    );
    return () => {
      gone = true;
      log?.stop();
    };
  }, [config, options, cameBack]);

  const { subscribe, get } = demo?.log ?? silence;
  const { entries, rotations } = useSyncExternalStore(subscribe, get);
  return { entries, rotations, actions: demo?.actions ?? null };
}
