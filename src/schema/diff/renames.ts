/**
 * Renames: certain where `-- was:` says so, possible where one column of a type goes and another
 * comes. The live model is then compared as if the rename were done, so that what hangs on the name
 * (indexes, checks, keys) makes no differences of its own.
 */
import { key, type Alteration } from "../changes.js";
import type { Column, Model, Sequence, Table } from "../model.js";
import { id, qualified } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { byName, type DiffInput } from "./scope.js";
import { renameColumnIn, renameTableIn } from "./respell.js";

export interface FoundRename {
  readonly table: string;
  /** Null: the table itself. */
  readonly column: string | null;
  readonly from: string;
  readonly alteration: Alteration;
}

export function findRenames(input: DiffInput): FoundRename[] {
  const tables = findTableRenames(input);
  const live = applyRenames(input.live, tables);
  return [...tables, ...findColumnRenames({ ...input, live })];
}

function findTableRenames({ live, desired, renames, owned }: DiffInput): FoundRename[] {
  const before = byName(live.tables);
  const after = byName(desired.tables);
  const taken = new Set<string>();
  return desired.tables.flatMap((table) => {
    if (before.has(table.name)) return [];
    const hint = renames.find((rename) => rename.table === table.name && rename.column === null);
    const gone = live.tables.filter(({ name }) => !after.has(name) && !taken.has(name));
    const certain = gone.find(({ name }) => name === hint?.from);
    const possible = gone.find(
      (other) => owned.tables.has(other.name) && sameColumns(other, table),
    );
    const from = certain ?? possible;
    if (from === undefined) return [];
    taken.add(from.name);
    return [tableRename(from, table, live, desired, certain !== undefined)];
  });
}

const sameColumns = (a: Table, b: Table): boolean =>
  a.columns.length === b.columns.length &&
  a.columns.every((column, at) => {
    const other = b.columns[at];
    return other !== undefined && column.name === other.name && column.type === other.type;
  });

function tableRename(
  from: Table,
  to: Table,
  live: Model,
  desired: Model,
  certain: boolean,
): FoundRename {
  const { namespace } = desired;
  const sequences = ownedSequences(live, from.name).flatMap((sequence) => {
    const target = ownedSequences(desired, to.name).find(
      ({ ownedBy }) => ownedBy?.column === sequence.ownedBy?.column,
    );
    return target === undefined || target.name === sequence.name
      ? []
      : [{ from: sequence.name, to: target.name }];
  });
  const rename = (kind: string, old: string, name: string): string =>
    `ALTER ${kind} ${qualified(namespace, old)} RENAME TO ${id(name)}`;
  return {
    table: to.name,
    column: null,
    from: from.name,
    alteration: alteration({
      operation: "rename_table",
      table: to.name,
      object: from.name,
      reason: certain
        ? `${from.name} to ${to.name}: applications that run still use the old name`
        : `${from.name} goes and ${to.name} comes with the same columns: it may be a rename, so the new table is held back`,
      up: [
        rename("TABLE", from.name, to.name),
        ...sequences.map((sequence) => rename("SEQUENCE", sequence.from, sequence.to)),
      ],
      down: [],
      undo: undo({
        names: [
          ...sequences.map((sequence) => rename("SEQUENCE", sequence.to, sequence.from)),
          rename("TABLE", to.name, from.name),
        ],
      }),
      note: certain ? null : "if it is no rename, write DROP TABLE for the old one instead",
      provides: [
        key.table(to.name),
        ...to.columns.map(({ name }) => key.column(to.name, name)),
        key.goneTable(from.name),
        ...sequences.map((sequence) => key.gone(sequence.from)),
      ],
    }),
  };
}

const ownedSequences = (model: Model, table: string): Sequence[] =>
  model.sequences.filter(({ ownedBy }) => ownedBy?.table === table);

function findColumnRenames({ live, desired, renames }: DiffInput): FoundRename[] {
  const before = byName(live.tables);
  return desired.tables.flatMap((table) => {
    const existing = before.get(table.name);
    if (existing === undefined || existing === table) return [];
    const names = new Set(table.columns.map(({ name }) => name));
    const present = new Set(existing.columns.map(({ name }) => name));
    const gone = new Map(
      existing.columns
        .filter(({ name, inherited }) => !names.has(name) && !inherited)
        .map((column) => [column.name, column]),
    );
    const added = table.columns.filter(({ name, inherited }) => !present.has(name) && !inherited);
    const found: FoundRename[] = [];
    const take = (from: Column, to: Column, certain: boolean) => {
      gone.delete(from.name);
      found.push(columnRename(table, from, to, desired.namespace, certain));
    };
    const open: Column[] = [];
    for (const column of added) {
      const hint = renames.find(
        (rename) => rename.table === table.name && rename.column === column.name,
      );
      const from = hint === undefined ? undefined : gone.get(hint.from);
      if (from === undefined) open.push(column);
      else take(from, column, true);
    }
    for (const column of open) {
      const from = [...gone.values()].find((other) => mayBe(other, column));
      if (from !== undefined) take(from, column, false);
    }
    return found;
  });
}

const mayBe = (from: Column, to: Column): boolean =>
  from.type === to.type && (from.generated === null) === (to.generated === null);

function columnRename(
  table: Table,
  from: Column,
  to: Column,
  namespace: string,
  certain: boolean,
): FoundRename {
  const head = `ALTER TABLE ${qualified(namespace, table.name)} RENAME COLUMN`;
  return {
    table: table.name,
    column: to.name,
    from: from.name,
    alteration: alteration({
      operation: "rename_column",
      table: table.name,
      object: from.name,
      reason: certain
        ? `${from.name} to ${to.name}: applications that run still use the old name`
        : `${from.name} goes and ${to.name} comes with the same type: it may be a rename, so the addition is held back; say \`-- was: ${from.name}\` behind the column in schema.sql, or drop ${from.name} by a revision`,
      up: [`${head} ${id(from.name)} TO ${id(to.name)}`],
      down: [],
      undo: undo({ names: [`${head} ${id(to.name)} TO ${id(from.name)}`] }),
      note: certain
        ? null
        : `if it is no rename, write instead: ALTER TABLE ${qualified(namespace, table.name)} DROP COLUMN ${id(from.name)}`,
      provides: [key.column(table.name, to.name), key.notNull(table.name, to.name)],
      needs: [key.table(table.name)],
    }),
  };
}

/** The live model as it will be once the renames are done. */
export function applyRenames(live: Model, renames: readonly FoundRename[]): Model {
  return renames.reduce(
    (model, { table, column, from }) =>
      column === null
        ? renameTableIn(model, from, table)
        : renameColumnIn(model, table, from, column),
    live,
  );
}
