/** The one place where names and values become SQL text. */

/** A name as a quoted identifier. A name with a zero byte cannot exist in PostgreSQL and is refused. */
export function quoteIdentifier(name: string): string {
  refuseZeroByte(name);
  return `"${name.replaceAll('"', '""')}"`;
}

/** A qualified name: each part quoted, joined by dots. */
export function quoteQualified(...parts: readonly string[]): string {
  return parts.map(quoteIdentifier).join(".");
}

/**
 * A string as a literal, right under either setting of `standard_conforming_strings`: one that
 * holds a backslash is written in the `E''` form.
 */
export function quoteLiteral(value: string): string {
  refuseZeroByte(value);
  const quoted = `'${value.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return value.includes("\\") ? ` E${quoted}` : quoted;
}

function refuseZeroByte(text: string): void {
  if (text.includes("\0")) throw new TypeError("PostgreSQL text cannot hold a zero byte");
}
