/**
 * Keeps a supervisor's row in `dazzle.instance` fresh while it runs. A sign that can't be given is
 * given at the next beat: that the database is lost is for the pools to say.
 */
import type { Logger } from "../log/logger.js";
import type { Session } from "../postgres/session.js";
import { BEAT_MS, forgetSilent, leave, signal, type Instance } from "./instance.js";

/**
 * What changes is told this much later, in milliseconds. A worker that ends and is replaced meanwhile is
 * no news, and its replacement has the machine to itself.
 */
const SETTLE_MS = 500;
/** How long the end of a supervisor may wait for its row to be removed. */
const LEAVE_MS = 1_000;

export interface Presence {
  /** Gives a sign, and another one at each beat until it is closed. */
  begin(): Promise<void>;
  /** The state or the number of workers may have changed: says so in a moment if it has by then. */
  changed(): void;
  /** Removes the row, as far as that takes no more than a second. Never throws. */
  close(): Promise<void>;
}

export interface PresenceInput {
  /** What there is to say now. */
  readonly describe: () => Instance;
  /** Runs `work` on a session that nobody else uses meanwhile; not at all where there is none. */
  readonly onSession: (work: (session: Session) => Promise<void>) => Promise<void>;
  /** Makes the table where it is missing and may be made. */
  readonly ensure: (session: Session) => Promise<void>;
  readonly log: Pick<Logger, "debug">;
}

export function createPresence({ describe, onSession, ensure, log }: PresenceInput): Presence {
  let said = "";
  let closed = false;
  let timer: NodeJS.Timeout | null = null;
  let settling: NodeJS.Timeout | null = null;
  let last: Promise<void> = Promise.resolve();

  /** One after the other, so that an older state never overwrites a newer one. */
  const enqueue = (work: (session: Session) => Promise<void>): Promise<void> => {
    last = last
      .then(() => onSession(work))
      .catch((error: unknown) => log.debug("no sign was given to the fleet", { error }));
    return last;
  };
  const say = (): Promise<void> =>
    enqueue(async (session) => {
      if (closed) return;
      const instance = describe();
      if (await signal(session, instance)) said = summary(instance);
    });

  return {
    begin: async () => {
      if (closed) return;
      timer = setInterval(() => void say(), BEAT_MS);
      await enqueue(ensure);
      await say();
      await enqueue(forgetSilent);
    },
    changed: () => {
      if (timer === null || said === "" || settling !== null) return;
      settling = setTimeout(() => {
        settling = null;
        if (!closed && summary(describe()) !== said) void say();
      }, SETTLE_MS);
      settling.unref();
    },
    close: async () => {
      closed = true;
      if (timer === null) return;
      clearInterval(timer);
      const gone = enqueue((session) => leave(session, describe().id));
      let limit: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, LEAVE_MS);
      });
      await Promise.race([gone, patience]);
      clearTimeout(limit);
    },
  };
}

const summary = ({ workers, poolMax, state }: Instance): string => `${workers} ${poolMax} ${state}`;
