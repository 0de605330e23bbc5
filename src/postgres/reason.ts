/** A failed connection's own words. Apart from the rest so that who needs only them loads no driver. */

/** What the operating system or the server said, in one line. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError) {
    // A name with several addresses fails once for each; the first says enough.
    const first: unknown = error.errors[0];
    if (first !== undefined) return reason(first);
  }
  if (!(error instanceof Error)) return String(error);
  return (error.message || error.name).replaceAll(/\s+/g, " ");
}
