/** Whether a sound backup may be restored here at all: what no `--force` overrides. */
import type { Config } from "../config/config.js";
import { parseConstraint, satisfies } from "../pin/constraint.js";
import type { Inventory, Table } from "./database/inventory.js";
import type { Metadata, MetadataTable } from "./metadata.js";

export interface Refusal {
  readonly what: string;
  readonly remedy: string;
}

/** The project, the framework version and the namespace. */
export function judgeOrigin(metadata: Metadata, config: Config): Refusal[] {
  const refusals: Refusal[] = [];
  const { project, framework, framework_version: version, database } = metadata;
  if (project !== config.project.name) {
    refusals.push({
      what: `it is a backup of the project ${JSON.stringify(project)}, this is ${JSON.stringify(config.project.name)}`,
      remedy: "name that project with --config, or set [project] name for this restore",
    });
  }
  const pin = config.project.frameworkVersion;
  const constraint = pin === null ? null : parseConstraint(pin);
  if (version !== null && constraint?.ok === true && framework === config.project.framework) {
    if (!satisfies(version, constraint.range)) {
      refusals.push({
        what: `it was made with ${framework} ${version}, outside the pin ${JSON.stringify(pin)}`,
        remedy: `install and pin ${framework} ${version}, restore, then upgrade`,
      });
    }
  }
  if (database.namespace !== config.database.namespace) {
    refusals.push({
      what: `it holds the schema ${database.namespace}, this project uses ${config.database.namespace}`,
      remedy: "set [database] namespace to that schema for this restore",
    });
  }
  return refusals;
}

function misfitsOf(saved: MetadataTable, table: Table): string[] {
  const name = `${saved.schema}.${saved.name}`;
  const columns = new Map(table.columns.map((column) => [column.name, column]));
  const misfits: string[] = [];
  for (const { name: column, type } of saved.columns) {
    const found = columns.get(column);
    if (found === undefined) misfits.push(`the table ${name} has no column ${column}`);
    else if (found.generated) misfits.push(`the column ${name}.${column} is generated here`);
    else if (found.type !== type) {
      misfits.push(`the column ${name}.${column} is ${found.type} here and ${type} in the backup`);
    }
    columns.delete(column);
  }
  for (const { name: column, notNull, defaulted, generated } of columns.values()) {
    if (notNull && !defaulted && !generated) {
      misfits.push(`the column ${name}.${column} is NOT NULL and not in the backup`);
    }
  }
  return misfits;
}

/** Every table and column of the backup that the database cannot take. */
export function judgeSchema(metadata: Metadata, inventory: Inventory): string[] {
  const tables = new Map(inventory.tables.map((table) => [`${table.schema}.${table.name}`, table]));
  const sequences = new Set(inventory.sequences.map(({ schema, name }) => `${schema}.${name}`));
  const misfits = metadata.tables.flatMap((saved) => {
    const table = tables.get(`${saved.schema}.${saved.name}`);
    return table === undefined
      ? [`there is no table ${saved.schema}.${saved.name}`]
      : misfitsOf(saved, table);
  });
  for (const { schema, name } of metadata.sequences) {
    if (!sequences.has(`${schema}.${name}`)) misfits.push(`there is no sequence ${schema}.${name}`);
  }
  return misfits;
}
