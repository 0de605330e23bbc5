/** Sequences that no identity column hides. */
import { key, type Change } from "../changes.js";
import { allSequenceClauses, createSequence } from "../create-sql.js";
import { sequencesOf } from "../dependencies.js";
import { movedInto, startBehind } from "./sequence-position.js";
import type { Model, Sequence } from "../model.js";
import { id, literal, qualified } from "../names.js";
import { alteration } from "./alteration.js";
import { commentChange } from "./comments.js";
import { byName, type Owned, type Scope } from "./scope.js";

export function diffSequences(scope: Scope, owned: Owned): Change[] {
  const live = byName(scope.live.sequences);
  const desired = byName(scope.desired.sequences);
  const mentioned = new Set(scope.desired.tables.map(({ name }) => name));
  const changes: Change[] = [];
  for (const sequence of scope.desired.sequences) {
    const existing = live.get(sequence.name);
    if (existing === undefined) {
      // Where an identity column becomes a serial one, the change of the column makes it.
      if (takesOver(scope, sequence)) continue;
      changes.push({ kind: "create_sequence", sequence, needs: [] });
      if (sequence.ownedBy !== null) {
        changes.push({ kind: "own_sequence", sequence, adopts: false });
      }
    } else changes.push(...compare(existing, sequence, scope));
    const comment = commentChange(existing, sequence, {
      table: sequence.ownedBy?.table ?? null,
      object: sequence.name,
      target: `SEQUENCE ${qualified(scope.namespace, sequence.name)}`,
      needs: [key.sequence(sequence.name)],
    });
    if (comment !== null) changes.push(comment);
  }
  for (const sequence of scope.live.sequences) {
    if (desired.has(sequence.name)) continue;
    const { ownedBy } = sequence;
    const ours =
      ownedBy === null ? owned.sequences.has(sequence.name) : mentioned.has(ownedBy.table);
    if (ours && !goesWithColumn(sequence, scope)) changes.push(dropSequence(sequence, scope));
  }
  return changes;
}

/** What is made anew, as generated, is dropped before. */
function goesWithColumn({ ownedBy }: Sequence, { live, desired }: Scope): boolean {
  if (ownedBy === null) return false;
  const columnOf = ({ tables }: Model) =>
    tables
      .find(({ name }) => name === ownedBy.table)
      ?.columns.find(({ name }) => name === ownedBy.column);
  const [before, after] = [columnOf(live), columnOf(desired)];
  return after === undefined || (before?.generated === null && after.generated !== null);
}

function takesOver(scope: Scope, { ownedBy }: Sequence): boolean {
  const table = scope.live.tables.find(({ name }) => name === ownedBy?.table);
  const column = table?.columns.find(({ name }) => name === ownedBy?.column);
  return column !== undefined && column.identity !== null;
}

function dropSequence(sequence: Sequence, scope: Scope): Change {
  const { ownedBy } = sequence;
  const column = scope.desired.tables
    .find(({ name }) => name === ownedBy?.table)
    ?.columns.find(({ name }) => name === ownedBy?.column);
  if (column !== undefined && column.identity !== null) {
    return alteration({
      operation: "drop_sequence",
      table: ownedBy?.table ?? null,
      object: sequence.name,
      reason: `the identity of ${column.name} brings a sequence of its own`,
      up: [],
      down: [],
      note: `done together with change_identity ${ownedBy?.table ?? ""}.${column.name}`,
      elsewhere: {
        by: "another",
        statements: [`DROP SEQUENCE ${qualified(scope.namespace, sequence.name)}`],
      },
    });
  }
  return alteration({
    operation: "drop_sequence",
    table: sequence.ownedBy?.table ?? null,
    object: sequence.name,
    reason: "its position is lost, and defaults outside the schema files may use it",
    up: [`DROP SEQUENCE ${qualified(scope.namespace, sequence.name)}`],
    provides: [key.gone(sequence.name)],
    down: [
      createSequence(sequence, scope.namespace),
      ...(ownedBy === null
        ? []
        : [
            `ALTER SEQUENCE ${qualified(scope.namespace, sequence.name)} OWNED BY ${qualified(scope.namespace, ownedBy.table)}.${id(ownedBy.column)}`,
          ]),
    ],
    note: comesBehind(sequence, scope)
      ? "on the way back it starts behind the values of its column"
      : "the down section starts the sequence anew",
  });
}

/** The way back of the change of the default sets it. */
const comesBehind = (sequence: Sequence, { live, desired }: Scope): boolean =>
  live.tables.some((table) =>
    table.columns.some(
      (column) =>
        sequencesOf([column]).includes(key.sequence(sequence.name)) &&
        desired.tables.some(
          ({ name, columns }) =>
            name === table.name && columns.some((item) => item.name === column.name),
        ) &&
        startBehind(table, column, live, desired).length > 0,
    ),
  );

function compare(live: Sequence, desired: Sequence, scope: Scope): Change[] {
  const head = `ALTER SEQUENCE ${qualified(scope.namespace, desired.name)}`;
  const up: string[] = [];
  const down: string[] = [];
  const what: string[] = [];
  const options = (sequence: Sequence) => allSequenceClauses(sequence).join(" ");
  if (live.type !== desired.type || options(live) !== options(desired)) {
    const alter = (from: Sequence, to: Sequence): string[] =>
      movedInto(literal(qualified(scope.namespace, to.name)), from, to, (restart) =>
        [head, `AS ${to.type}`, options(to), ...restart].join(" "),
      );
    up.push(...alter(live, desired));
    down.push(...alter(desired, live));
    what.push("its options differ");
  }
  const owner = ({ ownedBy }: Sequence) =>
    ownedBy === null
      ? "NONE"
      : `${qualified(scope.namespace, ownedBy.table)}.${id(ownedBy.column)}`;
  // Without an owner yet: a run that was ended in front of this statement, or none ever ran it.
  const adopts = live.ownedBy === null && desired.ownedBy !== null;
  if (owner(live) !== owner(desired) && !adopts) {
    up.push(`${head} OWNED BY ${owner(desired)}`);
    down.push(`${head} OWNED BY ${owner(live)}`);
    what.push(`owned by ${owner(desired)} instead of ${owner(live)}`);
  }
  if (live.unlogged !== desired.unlogged) {
    up.push(`${head} SET ${desired.unlogged ? "UNLOGGED" : "LOGGED"}`);
    down.push(`${head} SET ${live.unlogged ? "UNLOGGED" : "LOGGED"}`);
    what.push("its persistence differs");
  }
  const owns: Change[] = adopts ? [{ kind: "own_sequence", sequence: desired, adopts: true }] : [];
  if (what.length === 0) return owns;
  return [
    ...owns,
    alteration({
      operation: "unsupported",
      table: desired.ownedBy?.table ?? null,
      object: desired.name,
      reason: `${what.join("; ")}: the next values that applications get would change`,
      up,
      down,
      needs:
        desired.ownedBy === null ? [] : [key.column(desired.ownedBy.table, desired.ownedBy.column)],
    }),
  ];
}
