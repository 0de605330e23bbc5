/** PostgreSQL's own grammar (libpg-query, WebAssembly), loaded only when a file has to be read. */
import type { Node } from "@pgsql/types";
import { failAt, refuseHidden, type Source } from "./source.js";

export interface RawStatement {
  readonly node: Node;
  /** Offsets in the file: from the first token of the statement to behind the last. */
  readonly start: number;
  readonly end: number;
}

/**
 * The statements of a file.
 *
 * @throws SuperviseError SCHEMA_INVALID with file and line.
 */
export async function parseSource(source: Source): Promise<RawStatement[]> {
  refuseHidden(source);
  // The parser takes no file without a statement.
  if (source.tokens.every(({ kind, value }) => kind === "comment" || value === ";")) return [];
  const { loadModule, parseSync, hasSqlDetails } = await import("libpg-query");
  await loadModule();
  const refuseMeta = source.tokens.find(({ value }) => value === "\\");
  if (refuseMeta !== undefined) {
    throw failAt(
      source,
      refuseMeta.start,
      "SCHEMA_INVALID",
      "a psql command (a line that begins with a backslash)",
      "schema files hold plain SQL; remove the line, or have supervise init --from-database write the file in a dump's place",
    );
  }
  try {
    const tokens = source.tokens.filter(({ kind }) => kind !== "comment");
    let next = 0;
    return (parseSync(source.text).stmts ?? []).flatMap(({ stmt, stmt_location, stmt_len }) => {
      const from = source.offset(stmt_location ?? 0);
      const to = stmt_len ? source.offset((stmt_location ?? 0) + stmt_len) : source.text.length;
      while ((tokens[next]?.start ?? Infinity) < from) next += 1;
      const start = tokens[next]?.start ?? from;
      while ((tokens[next]?.start ?? Infinity) < to) next += 1;
      const last = tokens[next - 1];
      const end = last === undefined || last.start < start ? to : withoutSemicolon(last);
      return stmt === undefined ? [] : [{ node: stmt, start, end }];
    });
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    const at = error.sqlDetails?.cursorPosition ?? 0;
    throw failAt(
      source,
      source.offset(at),
      "SCHEMA_INVALID",
      error.message,
      "correct the statement; it has to be valid PostgreSQL",
    );
  }
}

/** The one statement that `text` is; null when it is none, or several. */
export async function parseStatement(text: string): Promise<Node | null> {
  const { loadModule, parseSync, hasSqlDetails } = await import("libpg-query");
  await loadModule();
  try {
    const [first, second] = parseSync(text).stmts ?? [];
    return second === undefined ? (first?.stmt ?? null) : null;
  } catch (error) {
    if (!hasSqlDetails(error)) throw error;
    return null;
  }
}

const withoutSemicolon = (last: { value: string; start: number; end: number }): number =>
  last.value === ";" ? last.start : last.end;
