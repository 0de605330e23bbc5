/** The commands of one ALTER TABLE as statements of their own, in the order in which the server does them. */
import type { AlterTableType, Node } from "@pgsql/types";
import { lex } from "../../schema/lexer.js";
import { doneOfAlteration, type Done } from "./done-already.js";

export interface AlterPart {
  readonly sql: string;
  readonly done: Done;
}

/** The server's passes; source: tablecmds.c, AlterTablePass. */
const PASS: Readonly<Partial<Record<AlterTableType, number>>> = {
  AT_DropColumn: 0,
  AT_DropConstraint: 0,
  AT_AlterColumnType: 1,
  AT_AddColumn: 2,
};
const LAST = 3;

/** Empty for anything else, and for a single command. */
export function partsOf(node: Node, sql: string): AlterPart[] {
  if (!("AlterTableStmt" in node) || node.AlterTableStmt.objtype !== "OBJECT_TABLE") return [];
  const commands = node.AlterTableStmt.cmds ?? [];
  if (commands.length < 2) return [];
  const texts = split(sql);
  if (texts.length !== commands.length) return [];
  const pass = (command: Node): number =>
    "AlterTableCmd" in command
      ? (PASS[command.AlterTableCmd.subtype ?? "AT_AddIndex"] ?? LAST)
      : LAST;
  return commands
    .map((command, at) => ({
      pass: pass(command),
      part: { sql: texts[at] ?? "", done: doneOfAlteration([command]) },
    }))
    .sort((a, b) => a.pass - b.pass)
    .map(({ part }) => part);
}

const BEFORE_NAME = new Set(["alter", "table", "if", "exists", "only"]);

/** At the commas outside of brackets, each behind what stands in front of the first. */
function split(sql: string): string[] {
  const tokens = lex(sql).filter(({ kind }) => kind !== "comment");
  let at = tokens.findIndex(({ kind, value }) => kind === "quoted" || !BEFORE_NAME.has(value));
  while (tokens[at + 1]?.value === ".") at += 2;
  if (tokens[at + 1]?.value === "*") at += 1;
  const head = sql.slice(0, tokens[at]?.end ?? 0);
  const parts: string[] = [];
  let start = head.length;
  let depth = 0;
  for (const { kind, value, start: place, end } of tokens.slice(at + 1)) {
    if (kind !== "punctuation") continue;
    if (value === "(" || value === "[") depth += 1;
    if (value === ")" || value === "]") depth -= 1;
    if (value !== "," || depth > 0) continue;
    parts.push(head + sql.slice(start, place));
    start = end;
  }
  return [...parts, head + sql.slice(start)];
}
