/** What a new table states for itself beside what its parents give it. */
import { ownStorage } from "../create-sql.js";
import type { Table } from "../model.js";
import { parentsOf } from "./parents.js";
import type { Scope } from "./scope.js";

/** NOT NULL, storage and compression only where they are not the parent's as well, which gives them. */
export function ownParts(table: Table, scope: Scope): Table {
  const parents = scope.desired.tables.filter(({ name }) => parentsOf(table).includes(name));
  return {
    ...table,
    columns: table.columns.map((column) => {
      const given = parents.flatMap(({ columns }) => columns.filter((c) => c.name === column.name));
      const [first] = given;
      if (!column.inherited || first === undefined) return column;
      const { storage, compression, type } = column;
      return {
        ...column,
        notNull: column.notNull && !given.some(({ notNull }) => notNull),
        storage: storage === first.storage ? null : (storage ?? ownStorage(type)),
        compression: compression === first.compression ? null : (compression ?? "default"),
      };
    }),
  };
}
