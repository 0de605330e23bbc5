/**
 * Keeps this worker's row of a listener's scoreboard and steps out of accepting while it holds more
 * than its fair share. Every worker decides for itself from the same rows; nobody is asked, so a
 * busy or dead primary or peer holds up nothing.
 */
import { monotonicMs, type Board } from "../../ipc/distribution/board.js";
import { decide } from "./fair-share.js";

/** Between two looks at the board while connections come and go, and while all is quiet. */
const BUSY_MS = 20;
const QUIET_MS = 100;
/**
 * How long a row holds after the next look was due: a loop that is later than this is stuck. On a
 * machine with many more processes than CPUs a healthy one may have to wait that long for its turn.
 */
const LATE_MS = 100;
/** Looks without any change after which all is quiet. */
const LOOKS_UNTIL_QUIET = 50;

/**
 * Ignored by whoever has no handler for it, so that it can hit nobody by mistake. Go's runtime
 * interrupts itself with it for the same reason.
 */
export const WAKE_SIGNAL = "SIGURG";

export interface Balance {
  /** A connection was accepted. */
  opened(): void;
  /** A connection has ended. */
  closed(): void;
  /** Looks at the board now. */
  look(): void;
  end(): void;
}

interface Listener {
  /** The most connections that the server takes; more would be dropped. */
  limit(): number;
  pause(): void;
  resume(): void;
}

export function startBalance(board: Board, row: number, listener: Listener): Balance {
  const { pid } = process;
  let open = 0;
  let accepting = true;
  let unchanged = 0;
  /** Connections that ended since the last look by the clock, and before it. */
  let endedNow = 0;
  let endedBefore = 0;
  let timer: NodeJS.Timeout | null = null;
  let over = false;

  const full = (): boolean => open >= listener.limit();

  /** A full worker's row is not valid: nobody should wait for it to take its share. */
  function announce(now: number): void {
    const validUntil = full() ? 0 : now + interval() + LATE_MS;
    const ended = endedNow + endedBefore;
    board.write(row, { at: now, validUntil, open, ended, accepting: accepting ? 1 : 0, pid });
  }

  function look(): void {
    if (over) return;
    const now = monotonicMs();
    const decision = decide(board.read(), row, { open, ended: endedNow + endedBefore }, now);
    const accept = decision.accept && !full();
    if (accept !== accepting) {
      accepting = accept;
      if (accepting) listener.resume();
      else listener.pause();
    }
    announce(now);
    for (const pid of decision.wake) wake(pid);
  }

  function tick(): void {
    unchanged += 1;
    endedBefore = endedNow;
    endedNow = 0;
    look();
    arm();
  }

  const interval = (): number => (unchanged < LOOKS_UNTIL_QUIET ? BUSY_MS : QUIET_MS);

  function arm(): void {
    timer = setTimeout(tick, interval());
    timer.unref();
  }

  function changed(): void {
    const wasQuiet = unchanged >= LOOKS_UNTIL_QUIET;
    unchanged = 0;
    if (!wasQuiet || over) return;
    if (timer) clearTimeout(timer);
    arm();
  }

  announce(monotonicMs());
  arm();
  return {
    opened() {
      open += 1;
      changed();
      look();
    },
    closed() {
      open -= 1;
      endedNow += 1;
      changed();
      if (!accepting) look();
    },
    look,
    end() {
      over = true;
      if (timer) clearTimeout(timer);
      board.close();
    },
  };
}

/** The peer may have ended in this very moment, and its pid be another's: then nobody is to wake. */
function wake(pid: number): void {
  try {
    process.kill(pid, WAKE_SIGNAL);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
