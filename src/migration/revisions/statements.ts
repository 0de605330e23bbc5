/** A section's statements, one by one, with their places in the file. */
import type { Node } from "@pgsql/types";
import { SuperviseError } from "../../errors.js";
import { parseSource } from "../../schema/grammar.js";
import { lineAt } from "../../schema/position.js";
import { openSource } from "../../schema/source.js";
import type { Revision, Section } from "./file.js";

export interface RevisionStatement {
  readonly sql: string;
  readonly line: number;
  /** Works outside transactions and waits without holding anyone up: no lock timeout. */
  readonly unhurried: boolean;
  /** The index that a failed concurrent build leaves invalid. */
  readonly builds: string | null;
}

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
    if ("TransactionStmt" in node && section.transaction) {
      throw new SuperviseError("REVISION_INVALID", {
        what: "BEGIN, COMMIT and ROLLBACK would end the transaction that the revision runs in",
        where: `${revision.file}:${line}`,
        remedy: "remove it, or write -- migrate:up transaction:false",
      });
    }
    return { sql: source.text.slice(start, end), line, ...nature(node) };
  });
}

function nature(node: Node): Pick<RevisionStatement, "unhurried" | "builds"> {
  if ("IndexStmt" in node && node.IndexStmt.concurrent === true) {
    return { unhurried: true, builds: node.IndexStmt.idxname ?? null };
  }
  const concurrent =
    ("DropStmt" in node && node.DropStmt.concurrent === true) ||
    "VacuumStmt" in node ||
    "ReindexStmt" in node;
  return { unhurried: concurrent, builds: null };
}
