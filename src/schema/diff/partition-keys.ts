/** Columns that a partition key reads: PostgreSQL gives them no other type and does not drop them. */
import type { Change } from "../changes.js";
import { lex } from "../lexer.js";
import type { Model, Table } from "../model.js";

export function withPartitionKeys(changes: readonly Change[], live: Model): Change[] {
  if (live.tables.every(({ partitionKey }) => partitionKey === null)) return [...changes];
  return changes.map((change) => {
    if (change.kind !== "alteration" || change.table === null) return change;
    if (change.operation !== "change_type" && change.operation !== "drop_column") return change;
    const by = partitionedBy(change.table, change.object, live);
    if (by === undefined) return change;
    return {
      ...change,
      note: `${by} is partitioned by ${change.object}, which PostgreSQL neither retypes nor drops: a person has to create the table anew and copy the rows`,
      cast: null,
    };
  });
}

/** The table, or a part of it that is partitioned in turn. */
function partitionedBy(name: string, column: string, live: Model): string | undefined {
  const table = live.tables.find((other) => other.name === name);
  if (table !== undefined && isInKey(table, column)) return name;
  for (const part of live.tables) {
    if (part.partitionOf?.parent !== name) continue;
    const found = partitionedBy(part.name, column, live);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whatever has the column's name in the key, an expression included. */
const isInKey = ({ partitionKey }: Table, column: string): boolean =>
  partitionKey !== null &&
  lex(partitionKey.slice(partitionKey.indexOf("("))).some(
    ({ kind, value }) => (kind === "word" || kind === "quoted") && value === column,
  );
