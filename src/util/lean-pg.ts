/**
 * Imported before pg is: on a Node without `navigator` (20) pg finds out whether it runs at Cloudflare by
 * making a `Response`, which loads Node's whole fetch: 5 MB of memory and 10 ms of start-up that nobody
 * uses. A `navigator` that says what this is answers the question. Where an
 * application runs, whoever loads pg takes it back with `forgetNavigator` in the same turn.
 */
const missing = !("navigator" in globalThis);
if (missing) {
  Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    enumerable: false,
    value: { userAgent: "Node.js" },
  });
}

/** The application finds the globals that its Node has. */
export function forgetNavigator(): void {
  if (missing) Reflect.deleteProperty(globalThis, "navigator");
}
