/** Whether a listening socket accepts: it does while nobody has a reason against it. */
import { pauseAccepting, resumeAccepting, type ListenHandle } from "./handle.js";

/** `share`: more than a fair one (balance.ts). `exposed`: a connection waits to be held (exposure.ts). */
export type Reason = "share" | "exposed";

export interface Accepting {
  against(reason: Reason): void;
  noLonger(reason: Reason): void;
  /** From now on it accepts, whatever anybody says. */
  end(): void;
}

export function startAcceptingUnless(handle: ListenHandle): Accepting {
  const reasons = new Set<Reason>();
  let over = false;
  return {
    against(reason) {
      if (over || reasons.has(reason)) return;
      reasons.add(reason);
      if (reasons.size === 1) pauseAccepting(handle);
    },
    noLonger(reason) {
      if (over || !reasons.delete(reason)) return;
      if (reasons.size === 0) resumeAccepting(handle);
    },
    end() {
      if (over) return;
      over = true;
      if (reasons.size > 0) resumeAccepting(handle);
    },
  };
}
