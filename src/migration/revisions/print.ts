/** Revisions as SQL for another tool or another person to run. */
import { lex } from "../../schema/lexer.js";
import { literal } from "../../schema/names.js";
import { searchPath } from "../transaction.js";
import type { Revision } from "./file.js";
import { sectionOf } from "./run.js";

/**
 * What the run would send, `before` in front of it. The path is part of it, because names in
 * revisions are the namespace's; the lock timeout is not, because nobody would try again.
 */
export function printSql(
  revisions: readonly Revision[],
  direction: "up" | "down",
  namespace: string,
  before: readonly string[],
): string {
  return [
    ...(before.length === 0 ? [] : [`${before.join(";\n")};\n`]),
    ...revisions.map((revision) => printOne(revision, direction, namespace)),
  ].join("\n");
}

function printOne(revision: Revision, direction: "up" | "down", namespace: string): string {
  const { version, name, file, checksum } = revision;
  const { sql, transaction } = sectionOf(revision, direction);
  const path = `search_path = ${searchPath(namespace)};`;
  const note =
    direction === "up"
      ? `INSERT INTO dazzle.revision (namespace, version, name, checksum) VALUES (${literal(namespace)}, ${literal(version)}, ${literal(name)}, ${literal(checksum)});`
      : `DELETE FROM dazzle.revision WHERE namespace = ${literal(namespace)} AND version = ${literal(version)};`;
  const lines = transaction
    ? ["BEGIN;", `SET LOCAL ${path}`, ended(sql), note, "COMMIT;"]
    : [`SET ${path}`, ended(sql), note, "RESET search_path;"];
  return `-- ${file} (${direction})\n${lines.filter((line) => line !== "").join("\n")}\n`;
}

/** With a semicolon behind the last statement, on a line of its own where a comment may be in the way. */
function ended(sql: string): string {
  const last = lex(sql).findLast(({ kind }) => kind !== "comment");
  return last === undefined || last.value === ";" ? sql.trim() : `${sql.trim()}\n;`;
}
