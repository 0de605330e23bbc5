/** A wait that its caller called off. */
import { SuperviseError } from "../errors.js";

/** @throws SuperviseError INTERRUPTED, or the signal's own SuperviseError, when it has aborted. */
export function refuseInterrupted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted !== true) return;
  const why: unknown = signal.reason;
  if (why instanceof SuperviseError) throw why;
  throw new SuperviseError("INTERRUPTED", {
    what,
    remedy: "start again when you are ready",
    cause: why,
  });
}
