/** Checks the files of SQL: the schema and the revisions, by PostgreSQL's own grammar. */
import type { Config } from "../../config/config.js";
import { attempt, type Finding } from "./finding.js";

const counted = (count: number, noun: string, rest = ""): string =>
  `${count} ${noun}${count === 1 ? "" : "s"} ${rest}`.trimEnd();

export async function checkFiles(config: Config): Promise<Finding[]> {
  return [
    await attempt("schema", () => checkSchema(config)),
    await attempt("revisions", () => checkRevisions(config)),
  ];
}

async function checkSchema(config: Config): Promise<string> {
  const { readSchemaFiles } = await import("../../migration/schema-files.js");
  const files = readSchemaFiles(config);
  if (files === null) return "no schema files, nothing to migrate";
  const { parseSchema } = await import("../../schema/parse.js");
  const { statements, extensions } = await parseSchema(files, config.database.namespace);
  const names = files.map(({ name }) => name).join(", ");
  return `${names}: ${counted(statements.length + extensions.length, "statement")}`;
}

async function checkRevisions(config: Config): Promise<string> {
  const { readRevisions } = await import("../../migration/revisions/folder.js");
  const { splitSection } = await import("../../migration/revisions/statements.js");
  const revisions = readRevisions(config);
  for (const revision of revisions) {
    await splitSection(revision, revision.up);
    if (revision.down !== null) await splitSection(revision, revision.down);
  }
  const where = `in ${config.database.revisions}`;
  return revisions.length === 0 ? `none ${where}` : counted(revisions.length, "revision", where);
}
