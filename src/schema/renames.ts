/**
 * `-- was: old_name` behind a column or a table: the person's word that something was renamed.
 * Behind a column it stands on the column's line or the lines up to the next column; for the table
 * it stands in front of the first column, or behind the statement on its last line.
 */
import type { CreateStmt } from "@pgsql/types";
import { lex, type Token } from "./lexer.js";
import { tokenIndex, type Source } from "./source.js";
import type { Rename } from "./statement.js";

const HINT = /^(?:--|\/\*)\s*was:\s*(.+?)\s*(?:\*\/)?$/i;

/**
 * The hints of one CREATE TABLE. `tokens` are the file's, comments included; `start` and `end`
 * bound the statement, and `at` maps the tree's positions to offsets in the file.
 */
export function renameHints(
  create: CreateStmt,
  text: string,
  tokens: readonly Token[],
  bounds: { readonly start: number; readonly end: number },
  at: (byte: number) => number,
): Rename[] {
  const table = create.relation?.relname ?? "";
  const columns = (create.tableElts ?? []).flatMap((node) =>
    "ColumnDef" in node
      ? [{ name: node.ColumnDef.colname ?? "", start: at(node.ColumnDef.location ?? 0) }]
      : [],
  );
  const elements = (create.tableElts ?? []).flatMap((node) =>
    "Constraint" in node ? [at(node.Constraint.location ?? 0)] : [],
  );
  const within = tokens.slice(
    tokenIndex(tokens, bounds.start),
    tokenIndex(tokens, ownEnd(text, tokens, bounds.end) + 1),
  );
  return within.flatMap((token): Rename[] => {
    if (token.kind !== "comment") return [];
    const from = oldName(token.value);
    if (from === null) return [];
    if (token.start > bounds.end) return [{ table, column: null, from }];
    const behind = columns.filter(({ start }) => start < token.start).at(-1);
    const constraint = elements.filter((start) => start < token.start).at(-1) ?? -1;
    if (behind === undefined) return [{ table, column: null, from }];
    return constraint > behind.start ? [] : [{ table, column: behind.name, from }];
  });
}

/** Where the hints of a file stand. */
export function hintPlaces(source: Pick<Source, "text" | "tokens">): {
  /** A hint stands within the statement, or behind it on its last line. */
  concern: (start: number, end: number) => boolean;
} {
  const places = source.tokens.flatMap(({ kind, value, start }) =>
    kind === "comment" && oldName(value) !== null ? [start] : [],
  );
  return {
    concern: (start, end) => {
      if (places.length === 0) return false;
      const line = lineEndAt(source.text, end);
      return places.some((place) => place >= start && place <= line);
    },
  };
}

/** The end of the statement's last line, or the next statement that stands there already. */
function ownEnd(text: string, tokens: readonly Token[], end: number): number {
  const line = lineEndAt(text, end);
  const next = tokens
    .slice(tokenIndex(tokens, end), tokenIndex(tokens, line + 1))
    .find(({ kind, value }) => kind !== "comment" && value !== ";");
  return next === undefined ? line : next.start;
}

function lineEndAt(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function oldName(comment: string): string | null {
  const [name, ...rest] = lex(HINT.exec(comment)?.[1] ?? "");
  const isName = name?.kind === "word" || name?.kind === "quoted";
  return isName && rest.length === 0 ? name.value : null;
}
