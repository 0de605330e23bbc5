/**
 * Renames: certain where `-- was:` says so, possible where one column of a type goes and another
 * comes. The live model is then compared as if the rename were done, so that what hangs on the name
 * (indexes, checks, keys) makes no differences of its own.
 */
import { key, type Alteration } from "../changes.js";
import type { Column, Model, Sequence, Table } from "../model.js";
import { id, qualified, withSuffix } from "../names.js";
import { alteration, undo } from "./alteration.js";
import { movesOf, type Move } from "./moves.js";
import { byName, type DiffInput } from "./scope.js";
import { renameColumnIn, renameTableIn } from "./respell.js";

export interface FoundRename {
  readonly table: string;
  /** Null: the table itself. */
  readonly column: string | null;
  readonly from: string;
  /** Names on the way, from and to. */
  readonly steps: Move["steps"];
  /** Old names of sequences that go with a table. */
  readonly sequences: readonly string[];
  readonly alteration: Alteration;
}

export function findRenames(input: DiffInput): FoundRename[] {
  const tables = findTableRenames(input);
  const live = applyRenames(input.live, tables);
  return [...tables, ...findColumnRenames({ ...input, live })];
}

const names = (items: readonly { readonly name: string }[]): string[] =>
  items.map(({ name }) => name);

function findTableRenames({ live, desired, renames, owned }: DiffInput): FoundRename[] {
  const before = byName(live.tables);
  const after = byName(desired.tables);
  const hints = renames.flatMap(({ table, column, from }) =>
    column === null ? [{ from, to: table }] : [],
  );
  const alike = (to: string, from: string): number => {
    const columns = byName(before.get(from)?.columns ?? []);
    const same = (after.get(to)?.columns ?? []).filter(
      ({ name, type }) => columns.get(name)?.type === type,
    );
    return same.length - columns.size;
  };
  const moves = movesOf(hints, names(live.tables), names(desired.tables), alike);
  const taken = new Set(moves.map(({ from }) => from));
  const given = new Set(moves.map(({ to }) => to));
  for (const table of desired.tables) {
    if (before.has(table.name) || given.has(table.name)) continue;
    const from = live.tables.find(
      (other) =>
        !after.has(other.name) &&
        !taken.has(other.name) &&
        owned.tables.has(other.name) &&
        sameColumns(other, table),
    );
    if (from === undefined) continue;
    taken.add(from.name);
    moves.push({ from: from.name, to: table.name, steps: [[from.name, table.name]] });
  }
  return moves.flatMap((move) => {
    const [from, to] = [before.get(move.from), after.get(move.to)];
    return from === undefined || to === undefined
      ? []
      : [tableRename(from, to, move, moves, live, desired, given.has(to.name))];
  });
}

/** Partitions of a table have the same columns all of them: one takes another's place by its bound. */
const sameColumns = (a: Table, b: Table): boolean =>
  a.columns.length === b.columns.length &&
  a.partitionOf?.parent === b.partitionOf?.parent &&
  a.partitionOf?.bound === b.partitionOf?.bound &&
  a.columns.every((column, at) => {
    const other = b.columns[at];
    return other !== undefined && column.name === other.name && column.type === other.type;
  });

interface Pair {
  readonly from: string;
  readonly to: string;
}

/** Sequences of columns that go with the table to another name. */
function sequencesAlong(live: Model, desired: Model, from: string, to: string): Pair[] {
  return ownedSequences(live, from).flatMap((sequence) => {
    const target = ownedSequences(desired, to).find(
      ({ ownedBy }) => ownedBy?.column === sequence.ownedBy?.column,
    );
    return target === undefined || target.name === sequence.name
      ? []
      : [{ from: sequence.name, to: target.name }];
  });
}

const parked = (sequence: string): string => withSuffix(sequence, "_dazzle_parked");

function tableRename(
  from: Table,
  to: Table,
  move: Move,
  moves: readonly Move[],
  live: Model,
  desired: Model,
  certain: boolean,
): FoundRename {
  const { namespace } = desired;
  const own = sequencesAlong(live, desired, from.name, to.name);
  // Names that go round in a circle: the table that has this one is out of the way with its sequences.
  const way = move.steps.at(-1)?.[0] ?? from.name;
  const sequences = own.map((pair) =>
    way === from.name ? pair : { from: parked(pair.from), to: pair.to },
  );
  const aside =
    move.steps.length === 1
      ? []
      : moves
          .filter((other) => other.from === to.name)
          .flatMap((other) => sequencesAlong(live, desired, other.from, other.to))
          .map((pair) => ({ from: pair.from, to: parked(pair.from) }));
  const rename = (kind: string, old: string, name: string): string =>
    `ALTER ${kind} ${qualified(namespace, old)} RENAME TO ${id(name)}`;
  const pairs = [...aside, ...sequences];
  return {
    table: to.name,
    column: null,
    from: from.name,
    steps: move.steps,
    sequences: own.map((sequence) => sequence.from),
    alteration: alteration({
      operation: "rename_table",
      table: to.name,
      object: from.name,
      reason: certain
        ? `${from.name} to ${to.name}: applications that run still use the old name`
        : `${from.name} goes and ${to.name} comes with the same columns: it may be a rename, so the new table is held back`,
      up: [
        ...move.steps.map(([old, name]) => rename("TABLE", old, name)),
        ...pairs.map((sequence) => rename("SEQUENCE", sequence.from, sequence.to)),
      ],
      down: takenAnew(from.name, names(desired.tables), moves) ? null : [],
      undo: undo({
        names: [
          ...[...pairs].reverse().map((pair) => rename("SEQUENCE", pair.to, pair.from)),
          ...[...move.steps].reverse().map(([old, name]) => rename("TABLE", name, old)),
        ],
      }),
      note: certain ? null : "if it is no rename, write DROP TABLE for the old one instead",
      provides: [
        key.table(to.name),
        ...to.columns.map(({ name }) => key.column(to.name, name)),
        key.goneTable(from.name),
        ...own.map((sequence) => key.gone(sequence.from)),
      ],
      needs: move.steps.length > 1 ? [] : [key.goneTable(to.name)],
    }),
  };
}

const ownedSequences = (model: Model, table: string): Sequence[] =>
  model.sequences.filter(({ ownedBy }) => ownedBy?.table === table);

function findColumnRenames({ live, desired, renames }: DiffInput): FoundRename[] {
  const before = byName(live.tables);
  return desired.tables.flatMap((table) => {
    const existing = before.get(table.name);
    if (existing === undefined) return [];
    const wanted = table.columns.filter(({ inherited }) => !inherited);
    const own = existing.columns.filter(({ inherited }) => !inherited);
    const [after, present] = [byName(table.columns), byName(existing.columns)];
    const hints = renames.flatMap(({ table: of, column, from }) =>
      of === table.name && column !== null ? [{ from, to: column }] : [],
    );
    const alike = (to: string, from: string): number =>
      after.get(to)?.type === present.get(from)?.type ? 1 : 0;
    const moves = hints.length === 0 ? [] : movesOf(hints, names(own), names(wanted), alike);
    const found = moves.map((move) => columnRename(table, move, moves, desired.namespace, true));
    const taken = new Set(moves.map(({ from }) => from));
    const given = new Set(moves.map(({ to }) => to));
    for (const column of wanted) {
      const { name } = column;
      if (given.has(name) || (present.has(name) && !taken.has(name))) continue;
      const from = own.find(
        (other) => !after.has(other.name) && !taken.has(other.name) && mayBe(other, column),
      );
      if (from === undefined) continue;
      taken.add(from.name);
      const move = { from: from.name, to: name, steps: [[from.name, name]] as const };
      found.push(columnRename(table, move, moves, desired.namespace, false));
    }
    return found;
  });
}

/** Something new has the old name once the next apply is done: there is no way back then. */
const takenAnew = (from: string, wanted: readonly string[], moves: readonly Move[]): boolean =>
  wanted.includes(from) && !moves.some(({ to }) => to === from);

const mayBe = (from: Column, to: Column): boolean =>
  from.type === to.type && (from.generated === null) === (to.generated === null);

function columnRename(
  table: Table,
  { from, to, steps }: Move,
  moves: readonly Move[],
  namespace: string,
  certain: boolean,
): FoundRename {
  const head = `ALTER TABLE ${qualified(namespace, table.name)} RENAME COLUMN`;
  return {
    table: table.name,
    column: to,
    from,
    steps,
    sequences: [],
    alteration: alteration({
      operation: "rename_column",
      table: table.name,
      object: from,
      reason: certain
        ? `${from} to ${to}: applications that run still use the old name`
        : `${from} goes and ${to} comes with the same type: it may be a rename, so the addition is held back; say \`-- was: ${from}\` behind the column in schema.sql, or drop ${from} by a revision`,
      up: steps.map(([old, name]) => `${head} ${id(old)} TO ${id(name)}`),
      down: takenAnew(from, names(table.columns), moves) ? null : [],
      undo: undo({
        names: [...steps].reverse().map(([old, name]) => `${head} ${id(name)} TO ${id(old)}`),
      }),
      note: certain
        ? null
        : `if it is no rename, write instead: ALTER TABLE ${qualified(namespace, table.name)} DROP COLUMN ${id(from)}`,
      provides: [
        key.column(table.name, to),
        key.notNull(table.name, to),
        `gone:${table.name}.${from}`,
      ],
      needs: [key.table(table.name), ...(steps.length > 1 ? [] : [`gone:${table.name}.${to}`])],
    }),
  };
}

/** The live model as it will be once the renames are done. */
export function applyRenames(live: Model, renames: readonly FoundRename[]): Model {
  return renames.reduce(
    (model, { table, column, steps }) =>
      steps.reduce(
        (before, [from, to]) =>
          column === null
            ? renameTableIn(before, from, to)
            : renameColumnIn(before, table, from, to),
        model,
      ),
    live,
  );
}
