/** The server's refusal of a statement of schema.sql, with the place in the file. */
import pg from "pg";
import { SuperviseError } from "../errors.js";
import { SQLSTATE } from "../postgres/sqlstate.js";
import { lineAt } from "./position.js";
import type { SchemaStatement } from "./statement.js";

/** `error` as a failure that a person can act on, or unchanged when the statement is not at fault. */
export function scratchFailure(
  error: unknown,
  statement: SchemaStatement,
  sql: string,
  schema: string,
): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return error;
  // Class 57 is the server going away or cancelling, 55 and 40 other sessions.
  if (/^(?:57|55|40|08)/.test(error.code)) return error;
  const clean = (text: string) => text.replaceAll(`${schema}.`, "").replaceAll(schema, "");
  if (error.code === SQLSTATE.outOfMemory) {
    return new SuperviseError("MIGRATION_BLOCKED", {
      what: "the server's lock table is full",
      remedy: "raise max_locks_per_transaction, or try again when less is running",
      cause: error,
    });
  }
  const at = error.position === undefined ? 0 : Number(error.position) - 1;
  const line = statement.line + lineAt(sql, at) - 1;
  const more = [error.detail, error.hint].flatMap((text) =>
    text === undefined ? [] : clean(text),
  );
  return new SuperviseError("SCHEMA_INVALID", {
    what: clean(error.message),
    where: `${statement.file}:${line}`,
    remedy:
      more.length > 0 ? more.join(" ") : "correct the statement; the server refuses to create it",
    cause: error,
  });
}
