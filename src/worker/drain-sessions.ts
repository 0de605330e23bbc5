/**
 * The end of HTTP/2 sessions, in the two steps of RFC 9113, section 6.8: first "no more requests,
 * please", which refuses none; then closing, which does, only once the client has been seen to know or
 * asks nothing any more.
 *
 * A client that reads "no more" right behind an answer may have asked for the next thing in between, and Node's own
 * refuses that by itself. So a session is told while it waits for an answer: when it asks, as a kept-alive
 * connection of HTTP/1 is told with the answer, or when it has been silent for a while.
 */
import type { Session, Traffic } from "./traffic.js";

/** How long a session may ask nothing before it is told, and then before it is closed. */
const IDLE_GRACE_MS = 1_000;
const NO_ERROR = 0;
const HIGHEST_STREAM = 2 ** 31 - 1;

interface Known {
  /** How many streams it has had and how many have ended, and since when that is so. */
  readonly begun: number;
  readonly ended: number;
  readonly since: number;
}

export interface SessionDrain {
  /** To be taken again and again, each time after what has arrived was read. */
  step(now: number): void;
  /** Nobody is told any more. */
  end(): void;
}

export function drainSessions(traffic: Traffic): SessionDrain {
  const all = new WeakMap<Session, Known>();
  const told = new WeakSet<Session>();

  const tell = (session: Session): void => {
    if (told.has(session) || session.destroyed) return;
    told.add(session);
    session.goaway(NO_ERROR, HIGHEST_STREAM);
    // Node's own client does not answer it any more; others show by it that they know.
    session.ping(() => {
      // A request may stand behind the answer in what was read just now.
      setImmediate(() => session.close());
    });
  };
  const end = traffic.onStream(tell);

  const step = (now: number): void => {
    for (const [session, { begun, ended }] of traffic.sessions) {
      if (session.destroyed) continue;
      const known = all.get(session);
      let since = known?.begun === begun && known.ended === ended ? known.since : now;
      if (now - since < IDLE_GRACE_MS) {
        if (begun > ended) tell(session);
      } else if (told.has(session)) session.close();
      else {
        tell(session);
        since = now;
      }
      all.set(session, { begun, ended, since });
    }
  };
  return { step, end };
}
