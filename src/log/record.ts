/** A log line of a worker on its way through stdout: a mark that output does not begin with, then JSON. */
export const RECORD_MARK = "\u001e";

/** The line's fields, or null when it is ordinary output. */
export function parseRecord(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith(RECORD_MARK)) return null;
  try {
    const value: unknown = JSON.parse(line.slice(RECORD_MARK.length));
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
