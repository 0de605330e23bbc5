/** Checks the files of SQL: the schema and the revisions, by PostgreSQL's own grammar. */
import type { Config } from "../../config/config.js";
import { attempt, type Finding } from "./finding.js";

const counted = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? "" : "s"}`;

export async function checkFiles(config: Config): Promise<Finding[]> {
  return [await attempt("schema", () => checkSchema(config))];
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
