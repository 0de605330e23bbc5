/**
 * Renames: certain where `-- was:` says so, possible where one column of a type goes and another
 * comes. The live model is then compared as if the rename were done, so that what hangs on the name
 * (indexes, checks, keys) makes no differences of its own.
 */
import { key, type Alteration } from "../changes.js";
import type { Column, Model, Sequence, Table } from "../model.js";
import { id, qualified, withSuffix } from "../names.js";
import { alteration, undo } from "./alteration.js";
import {
  circlesAmong,
  columnHints,
  judgeCircle,
  noteCircle,
  tableHints,
  type Circle,
  type Hint,
  type Place,
} from "./circles.js";
import { movesOf, NO_MOVES, type Move } from "./moves.js";
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

/** The circles among the hints, to be noted by the apply that goes by them. */
export function circlesToNote(input: DiffInput): Circle[] {
  const { desired, renames, memory } = input;
  if (renames.length === 0) return [];
  const live = byName(applyRenames(input.live, findTableRenames(input)).tables);
  const ofColumns = desired.tables.flatMap((table) =>
    circlesAmong(columnHints(renames, table.name)).flatMap((circle) =>
      noteCircle(circle, columnPlace(live.get(table.name), table, input), memory),
    ),
  );
  const ofTables = circlesAmong(tableHints(renames)).flatMap((circle) =>
    noteCircle(circle, tablePlace(input), memory),
  );
  return [...ofTables, ...ofColumns];
}

function tablePlace({ live, desired }: DiffInput): Place {
  const [before, after] = [byName(live.tables), byName(desired.tables)];
  return {
    table: null,
    live: names(live.tables),
    desired: names(desired.tables),
    before: [],
    likeness: (to, from) => {
      const columns = byName(before.get(from)?.columns ?? []);
      const same = (after.get(to)?.columns ?? []).filter(
        ({ name, type }) => columns.get(name)?.type === type,
      );
      return same.length - columns.size;
    },
  };
}

function columnPlace(
  live: Table | undefined,
  desired: Table,
  { memory: { columns }, renames }: Pick<DiffInput, "memory" | "renames">,
): Place {
  const old = tableHints(renames).find(({ to }) => to === desired.name)?.from ?? desired.name;
  const [present, after] = [byName(live?.columns ?? []), byName(desired.columns)];
  return {
    table: desired.name,
    live: names(live?.columns ?? []),
    desired: names(desired.columns),
    before: columns.get(desired.name) ?? columns.get(old) ?? [],
    likeness: (to, from) => (after.get(to)?.type === present.get(from)?.type ? 1 : 0),
  };
}

function findTableRenames(input: DiffInput): FoundRename[] {
  const { live, desired, owned, memory } = input;
  const before = byName(live.tables);
  const after = byName(desired.tables);
  const hinted = movesOf(
    tableHints(input.renames),
    names(live.tables),
    names(desired.tables),
    (circle) => judgeCircle(circle, tablePlace(input), memory),
  );
  const moves = [...hinted.moves];
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
  const found = moves.flatMap((move) => {
    const [from, to] = [before.get(move.from), after.get(move.to)];
    return from === undefined || to === undefined
      ? []
      : [tableRename(from, to, move, moves, live, desired, given.has(to.name))];
  });
  return [...found, ...hinted.undecided.flatMap((circle) => inDoubt(circle, null))];
}

/**
 * Partitions of a table have the same columns all of them: one takes another's place by its bound.
 * A partitioned table never becomes one that holds rows itself, nor the other way round.
 */
const sameColumns = (a: Table, b: Table): boolean =>
  a.columns.length === b.columns.length &&
  a.partitioned === b.partitioned &&
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

function findColumnRenames(input: DiffInput): FoundRename[] {
  const { live, desired, renames, memory } = input;
  const before = byName(live.tables);
  return desired.tables.flatMap((table) => {
    const existing = before.get(table.name);
    if (existing === undefined) return [];
    const wanted = table.columns.filter(({ inherited }) => !inherited);
    const own = existing.columns.filter(({ inherited }) => !inherited);
    const [after, present] = [byName(table.columns), byName(existing.columns)];
    const hints = columnHints(renames, table.name);
    const { moves, undecided } =
      hints.length === 0
        ? NO_MOVES
        : movesOf(hints, names(own), names(wanted), (circle) =>
            judgeCircle(circle, columnPlace(existing, table, input), memory),
          );
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
    return [...found, ...undecided.flatMap((circle) => inDoubt(circle, table.name))];
  });
}

/** What is to be renamed or has been: reported, and otherwise taken for done. */
function inDoubt(circle: readonly Hint[], table: string | null): FoundRename[] {
  const kind = table === null ? "tables" : "columns";
  const said = circle.map(({ from, to }) => `${from} to ${to}`).join(", ");
  return circle.slice(0, 1).map(({ from, to }) => ({
    table: table ?? to,
    column: table === null ? null : to,
    from,
    steps: [],
    sequences: [],
    alteration: alteration({
      operation: table === null ? "rename_table" : "rename_column",
      table: table ?? to,
      object: from,
      reason: `the hints form a circle (${said}) of ${kind} that are alike: nothing tells whether these names have changed places`,
      up: [],
      down: null,
      note: `a person has to see whether it is done: if not, write the renames by hand; when it is, take these hints out of the schema files`,
    }),
  }));
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
