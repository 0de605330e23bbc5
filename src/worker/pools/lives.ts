/** When each connection began to be opened, and why it was closed. */
import type { ClosedCause } from "../../sampling/report.js";

const openedAt = new WeakMap<object, number>();
const closing = new WeakMap<object, ClosedCause>();

/** Says why a connection is about to be closed; the first to say so is right. */
export function noteClosing(client: object, cause: ClosedCause): void {
  if (!closing.has(client)) closing.set(client, cause);
}

/** When a connection began to be opened, in milliseconds of the monotonic clock. */
export function openingOf(client: object): number | undefined {
  return openedAt.get(client);
}

export function noteOpening(client: object, at: number): void {
  openedAt.set(client, at);
}

/** Undefined when nobody said so beforehand. */
export function closingCauseOf(client: object): ClosedCause | undefined {
  return closing.get(client);
}
