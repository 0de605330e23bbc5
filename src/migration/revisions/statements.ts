/** A section's statements, one by one, with their places in the file. */
import type { Node } from "@pgsql/types";
import { SuperviseError } from "../../errors.js";
import { parseSource } from "../../schema/grammar.js";
import { lineAt } from "../../schema/position.js";
import { openSource } from "../../schema/source.js";
import { partsOf, type AlterPart } from "./alter-parts.js";
import { doneOf, movementsOf, takenAway, type Done, type Movements } from "./done-already.js";
import type { Revision, Section } from "./file.js";

export interface RevisionStatement {
  readonly sql: string;
  readonly line: number;
  /** Works outside transactions and waits without holding anyone up: no lock timeout. */
  readonly unhurried: boolean;
  /** The index that a failed concurrent build leaves invalid. */
  readonly builds: string | null;
  /** BEGIN, or what ends a transaction. */
  readonly control: "begin" | "end" | null;
  /** How it finds its work done. */
  readonly done: Done;
  /** Names that it takes away. */
  readonly takes: readonly string[];
  /** Its commands one by one, where it is an ALTER TABLE of several. */
  readonly parts: readonly AlterPart[];
  readonly movements: Movements;
  /** Run twice, it would do its work twice. */
  readonly writesRows: boolean;
}

/** Statements that are tried again together: one by itself, or those from BEGIN to COMMIT. */
export type Unit = readonly RevisionStatement[];

/** @throws SuperviseError REVISION_INVALID for a BEGIN without COMMIT, or the other way round. */
export function unitsOf(statements: readonly RevisionStatement[], { file }: Revision): Unit[] {
  const units: RevisionStatement[][] = [];
  let open: RevisionStatement[] | null = null;
  for (const statement of statements) {
    const { control, line } = statement;
    if ((control === "begin") === (open !== null) && control !== null) {
      throw unbalanced(`${file}:${line}`);
    }
    if (open === null) units.push([statement]);
    else open.push(statement);
    if (control === "begin") open = units.at(-1) ?? null;
    if (control === "end") open = null;
  }
  if (open !== null) throw unbalanced(`${file}:${open[0]?.line ?? 1}`);
  return units;
}

const unbalanced = (where: string): SuperviseError =>
  new SuperviseError("REVISION_INVALID", {
    what: "BEGIN and COMMIT do not come in pairs",
    where,
    remedy: "end each transaction before the next begins",
  });

/** @throws SuperviseError REVISION_INVALID, before anything of the revision runs. */
export async function splitSection(
  revision: Revision,
  section: Section,
): Promise<RevisionStatement[]> {
  const source = openSource({
    name: revision.file,
    // Lines in front keep the positions those of the file.
    text: "\n".repeat(section.line - 1) + section.sql,
  });
  const statements = await parseSource(source).catch((error: unknown) => {
    if (!(error instanceof SuperviseError)) throw error;
    throw new SuperviseError("REVISION_INVALID", error.parts);
  });
  return statements.map(({ node, start, end }) => {
    const line = lineAt(source.text, start);
    if (section.transaction && nature(node).control !== null) {
      throw new SuperviseError("REVISION_INVALID", {
        what: "BEGIN, COMMIT and ROLLBACK would end the transaction that the revision runs in",
        where: `${revision.file}:${line}`,
        remedy: "remove it, or write -- migrate:up transaction:false",
      });
    }
    const sql = source.text.slice(start, end);
    const writesRows = Object.keys(node).some((kind) => WRITES_ROWS.has(kind));
    return {
      sql,
      line,
      ...nature(node),
      done: doneOf(node),
      takes: takenAway(node),
      parts: partsOf(node, sql),
      movements: movementsOf(node),
      writesRows,
    };
  });
}

const WRITES_ROWS: ReadonlySet<string> = new Set([
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

function nature(node: Node): Pick<RevisionStatement, "unhurried" | "builds" | "control"> {
  if ("TransactionStmt" in node) {
    const { kind } = node.TransactionStmt;
    const begins = kind === "TRANS_STMT_BEGIN" || kind === "TRANS_STMT_START";
    const ends =
      kind === "TRANS_STMT_COMMIT" ||
      kind === "TRANS_STMT_ROLLBACK" ||
      kind === "TRANS_STMT_PREPARE";
    return { unhurried: false, builds: null, control: begins ? "begin" : ends ? "end" : null };
  }
  if ("IndexStmt" in node && node.IndexStmt.concurrent === true) {
    return { unhurried: true, builds: node.IndexStmt.idxname ?? null, control: null };
  }
  const concurrent =
    ("DropStmt" in node && node.DropStmt.concurrent === true) ||
    "VacuumStmt" in node ||
    "ReindexStmt" in node;
  return { unhurried: concurrent, builds: null, control: null };
}
