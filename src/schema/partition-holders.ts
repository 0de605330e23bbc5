/**
 * What stands in the way of new partitions: those that have values of theirs, also where no model has
 * them (foreign tables, other schemas), and rows in the default partition that would belong in them.
 * Nothing is asked where no table gets a new partition.
 */
import { randomBytes } from "node:crypto";
import type { Session } from "../postgres/session.js";
import { keyTypes, overlap } from "./diff/bounds.js";
import type { BoundConditions, InTheWay, PartitionHolders } from "./diff/new-names.js";
import type { Model, Table } from "./model.js";
import { id, literal, qualified } from "./names.js";
import type { Rename } from "./statement.js";

interface Parent {
  readonly live: Table;
  /** The same with the names that it and its columns have once renames are done. */
  readonly renamed: Table;
  readonly namespace: string;
}

interface Sibling {
  readonly parent: string;
  /** Spelled for SQL, with its schema. */
  readonly target: string;
  readonly bound: string;
  /** Its name where it is a table of the namespace. */
  readonly table: string | null;
}

const SIBLINGS = `
  select p.relname as parent, c.oid::regclass::text as target,
    pg_catalog.pg_get_expr(c.relpartbound, c.oid) as bound,
    case when c.relnamespace = p.relnamespace and c.relkind in ('r', 'p') then c.relname end as "table"
  from pg_catalog.pg_class p
  join pg_catalog.pg_inherits h on h.inhparent = p.oid
  join pg_catalog.pg_class c on c.oid = h.inhrelid and c.relispartition
  where p.relnamespace = (select oid from pg_catalog.pg_namespace where nspname = $1)
    and p.relname = any ($2)`;

/** By new partition. Needs an open transaction in the spelling of introspect.ts; leaves it as it was. */
export async function readPartitionHolders(
  session: Session,
  live: Model,
  desired: Model,
  renames: readonly Rename[],
): Promise<PartitionHolders> {
  const found = new Map<string, InTheWay>();
  const before = new Set(live.tables.map(({ name }) => name));
  const parentOf = parentsOf(live, desired, renames);
  const wanted = desired.tables.flatMap(({ name, partitionOf }) => {
    const parent = parentOf(partitionOf?.parent);
    return partitionOf === null || parent === null || before.has(name)
      ? []
      : [{ name, parent, bound: partitionOf.bound }];
  });
  if (wanted.length === 0) return found;
  const parents = [...new Set(wanted.map(({ parent }) => parent.live.name))];
  const siblings = await session.query<Sibling & Record<string, unknown>>(SIBLINGS, [
    live.namespace,
    parents,
  ]);
  for (const { name, parent, bound } of wanted) {
    const others = siblings.filter((sibling) => sibling.parent === parent.live.name);
    found.set(name, await inTheWayOf(session, parent, bound, others));
  }
  return found;
}

/** Of partitions that stay with their parent. Needs an open transaction; leaves it as it was. */
export async function readBoundConditions(
  session: Session,
  live: Model,
  desired: Model,
  renames: readonly Rename[],
): Promise<BoundConditions> {
  const found = new Map<string, { from: string | null; to: string | null }>();
  const parentOf = parentsOf(live, desired, renames);
  const before = new Map(live.tables.map((table) => [table.name, table]));
  for (const { name, partitionOf } of desired.tables) {
    const hint = renames.find(({ table, column }) => table === name && column === null);
    const old = (before.get(name) ?? before.get(hint?.from ?? ""))?.partitionOf;
    const parent = parentOf(partitionOf?.parent);
    if (!partitionOf || !old || parent === null || old.parent !== parent.live.name) continue;
    if (old.bound === partitionOf.bound) continue;
    const [from, to] = [
      await ask(session, parent, old.bound, [], "renamed"),
      await ask(session, parent, partitionOf.bound, [], "renamed"),
    ];
    found.set(name, { from: from.condition, to: to.condition });
  }
  return found;
}

/** By their names in the files. */
function parentsOf(live: Model, desired: Model, renames: readonly Rename[]) {
  const before = new Map(live.tables.map((table) => [table.name, table]));
  const after = new Map(desired.tables.map((table) => [table.name, table]));
  return (name: string | undefined): Parent | null => {
    const hints = renames.filter(({ table }) => table === name);
    const from = hints.find(({ column }) => column === null)?.from;
    const found = before.get(name ?? "") ?? before.get(from ?? "");
    const wanted = after.get(name ?? "");
    if (found === undefined || wanted === undefined) return null;
    const known = new Set(found.columns.map((column) => column.name));
    const columns = found.columns.map((column) => {
      const hint = hints.find((item) => item.column !== null && item.from === column.name);
      const to = hint?.column ?? column.name;
      return known.has(to) ? column : { ...column, name: to };
    });
    const isSame = columns.every((column, at) => column === found.columns[at]);
    const { partitionKey } = isSame ? found : wanted;
    const renamed = { ...found, name: wanted.name, columns, partitionKey };
    return { live: found, renamed, namespace: live.namespace };
  };
}

async function inTheWayOf(
  session: Session,
  parent: Parent,
  bound: string,
  siblings: readonly Sibling[],
): Promise<InTheWay> {
  const types = keyTypes(parent.live);
  const meets = (sibling: Sibling): boolean | null => overlap(bound, sibling.bound, types);
  const unsure = siblings.filter((sibling) => meets(sibling) === null);
  const inDefault = siblings.find((sibling) => sibling.bound === "DEFAULT");
  const isHeld = siblings.some((sibling) => meets(sibling) === true);
  const asks = isHeld || unsure.length > 0 || (inDefault !== undefined && bound !== "DEFAULT");
  const asked = asks ? await ask(session, parent, bound, unsure) : NOTHING;
  const holders = siblings.filter((item) => meets(item) === true || asked.refused.has(item));
  const fallback = bound === "DEFAULT" ? undefined : inDefault;
  const isRenamed = parent.renamed.columns.some(
    ({ name }, at) => name !== parent.live.columns[at]?.name,
  );
  const later = asks && isRenamed ? await ask(session, parent, bound, [], "renamed") : asked;
  return {
    holders,
    fallback: fallback === undefined ? null : fallback.target,
    scans: fallback?.table ?? null,
    hasRows:
      fallback !== undefined &&
      holders.length === 0 &&
      asked.condition !== null &&
      (await hasRows(session, fallback.target, asked.condition)),
    condition: later.condition,
  };
}

interface Answer {
  /** What a row of the partition meets; null when the server does not take the partition at all. */
  readonly condition: string | null;
  readonly refused: ReadonlySet<Sibling>;
}

const NOTHING: Answer = { condition: null, refused: new Set() };

/** Creates the partition in scratch, and beside it each of the others by itself. */
async function ask(
  session: Session,
  parent: Parent,
  bound: string,
  others: readonly Sibling[],
  as: "live" | "renamed" = "live",
): Promise<Answer> {
  const schema = `dazzle_scratch_${randomBytes(8).toString("hex")}`;
  const { partitionKey, columns: all } = parent[as];
  const columns = all.map(({ name, type, collation }) =>
    [id(name), type, ...(collation === null ? [] : [`collate ${collation}`])].join(" "),
  );
  const refused = new Set<Sibling>();
  await session.query("savepoint dazzle_partition");
  try {
    await session.query(`create schema ${schema}`);
    const created = await takes(
      session,
      `create table ${schema}.p (${columns.join(", ")}) partition by ${partitionKey ?? ""};
       create table ${schema}.n partition of ${schema}.p ${bound}`,
    );
    if (!created) return NOTHING;
    for (const other of others) {
      const sql = `create table ${schema}.o partition of ${schema}.p ${other.bound}; drop table ${schema}.o`;
      if (!(await takes(session, sql))) refused.add(other);
    }
    const [row] = await session.query<{ condition: string | null }>(
      `select pg_catalog.pg_get_partition_constraintdef('${schema}.n'::regclass) as condition`,
    );
    // Of a hash it names the parent that it was asked for.
    const target = literal(qualified(parent.namespace, parent.renamed.name));
    const condition = row?.condition?.replace(/'\d+'::oid/, () => `${target}::regclass`) ?? null;
    return { condition, refused };
  } finally {
    if (!session.lost.aborted) await session.query("rollback to savepoint dazzle_partition");
  }
}

/** Whether the server does it; leaves what it has done. */
async function takes(session: Session, sql: string): Promise<boolean> {
  await session.query("savepoint dazzle_probe");
  try {
    await session.query(sql);
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_probe");
    return false;
  }
  await session.query("release savepoint dazzle_probe");
  return true;
}

async function hasRows(session: Session, target: string, condition: string): Promise<boolean> {
  const [row] = await session.query<{ filled: boolean }>(
    `select exists (select from ${target} where ${condition}) as filled`,
  );
  return row?.filled === true;
}
