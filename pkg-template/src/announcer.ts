import { createListeners, type Listeners } from './listeners.js';
import { signedOut, type EventType, type Session } from './session.js';
import type { AuthEvent } from './types.js';

/** The session as apps see it, and who hears of its changes. */
export interface Announcer {
  session(): Session;
  change(to: Session): void;
  happen(event: AuthEvent): void;
  subscribe(listener: (session: Session) => void): () => void;
  on(type: EventType, listener: (event: AuthEvent) => void): () => void;
  /** The last session, without telling anybody. */
  silence(): void;
}

/** Changes are visible at once; listeners run when the engine has returned, so that they may call anything. */
export const createAnnouncer = (): Announcer => {
  let session = signedOut(null, 'page');
  let announced = session;
  let happened: AuthEvent[] = [];
  const subscribers = createListeners<Session>();
  const byType = new Map<EventType, Listeners<AuthEvent>>();

  const announce = () => {
    if (session !== announced) subscribers.emit((announced = session));
    const events = happened;
    happened = [];
    for (const event of events) byType.get(event.type)?.emit(event);
  };

  return {
    session: () => session,
    change: (to) => {
      session = to;
      queueMicrotask(announce);
    },
    happen: (event) => {
      happened.push(event);
      queueMicrotask(announce);
    },
    subscribe: subscribers.add,
    on: (type, listener) => {
      let listeners = byType.get(type);
      if (!listeners) byType.set(type, (listeners = createListeners()));
      return listeners.add(listener);
    },
    silence: () => {
      session = signedOut(null, session.vault);
      subscribers.clear();
      byType.clear();
    },
  };
};
