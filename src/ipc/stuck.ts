/**
 * A worker whose event loop is stuck sends nothing, but once the inspector has interrupted its script the
 * primary can have it report all the same: what it serves at that moment is what is cut.
 */
const KEY = "dazzle-supervise.stuck";

/** The primary has the interrupted worker evaluate this. */
export const REPORT = `globalThis[Symbol.for("${KEY}")]?.()`;

/** The worker's side. A message that is sent leaves at once, without the loop. */
export function onStuck(report: () => void): void {
  Reflect.set(globalThis, Symbol.for(KEY), report);
}
