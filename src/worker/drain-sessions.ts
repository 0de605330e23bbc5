/**
 * The end of HTTP/2 sessions, in the two steps of RFC 9113, section 6.8: first "no more requests,
 * please", which refuses none; then closing, which does, only once the client has been seen to know or
 * asks nothing any more. A session that has asked nothing yet is spoken to after its first request, as
 * a kept-alive connection of HTTP/1 is: its client may be about to send it.
 */
import type { Session, Traffic } from "./traffic.js";

/** How long a session may ask nothing before it is told, and then before it is closed. */
const IDLE_GRACE_MS = 1_000;
const NO_ERROR = 0;
const HIGHEST_STREAM = 2 ** 31 - 1;

interface Known {
  readonly told: boolean;
  /** How many streams it has had, and since when it has had no more. */
  readonly streams: number;
  readonly since: number;
}

/** Returns a step that is to be taken again and again, each time after what has arrived was read. */
export function drainSessions(traffic: Traffic): (now: number) => void {
  const all = new WeakMap<Session, Known>();

  const tell = (session: Session): void => {
    session.goaway(NO_ERROR, HIGHEST_STREAM);
    // Node's own client does not answer it any more; others show by it that they know.
    session.ping(() => {
      // A request may stand behind the answer in what was read just now.
      setImmediate(() => session.close());
    });
  };

  return (now) => {
    for (const [session, streams] of traffic.sessions) {
      if (session.destroyed) continue;
      const known = all.get(session) ?? { told: false, streams: 0, since: now };
      const since = streams === known.streams ? known.since : now;
      const silent = now - since >= IDLE_GRACE_MS;
      const due = !known.told && (streams > 0 || silent);
      if (due) tell(session);
      else if (known.told && silent) session.close();
      all.set(session, { told: known.told || due, streams, since: due ? now : since });
    }
  };
}
