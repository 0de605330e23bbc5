/** Building an index on a table that is in use without holding anyone up. */
import type { Addition } from "./changes.js";
import { createIndex, isIdentityBy } from "./create-sql.js";
import type { Index } from "./model.js";
import { qualified, withSuffix } from "./names.js";
import { step } from "./step.js";
import type { Facts, Step } from "./steps.js";

export function indexSteps(
  { table, index, onNew, replacesInvalid, parts }: Addition & { kind: "add_index" },
  facts: Facts,
): Step[] {
  const target = qualified(facts.namespace, table.name);
  const base = { operation: "add_index", table: table.name, object: index.name } as const;
  if (onNew) {
    const identity = `ALTER TABLE ${target} REPLICA IDENTITY ${table.replicaIdentity}`;
    const sqls = [
      createIndex(index, target),
      ...(isIdentityBy(table, index.name) ? [identity] : []),
    ];
    return sqls.map((sql) => step(facts, { ...base, sql, grouped: true }));
  }
  if (table.partitioned) {
    const whole = { object: index.name, replacesInvalid, parts };
    return partitionedSteps(table.name, index, whole, facts);
  }
  return concurrentSteps(base, table.name, index, replacesInvalid, facts);
}

/**
 * No lock timeout: while it waits it holds up neither readers nor writers, and a timeout would leave
 * an invalid index behind. No statement timeout: it takes as long as the table is large.
 */
export function concurrentSteps(
  base: Pick<Step, "operation" | "table" | "object">,
  table: string,
  index: Pick<Index, "name" | "unique" | "definition">,
  replacesInvalid: boolean,
  facts: Facts,
): Step[] {
  const drop = `DROP INDEX CONCURRENTLY IF EXISTS ${qualified(facts.namespace, index.name)}`;
  const known = facts.tables.get(table) ?? { rows: 0, bytes: 0 };
  const unhurried = {
    ...base,
    lock: "SHARE UPDATE EXCLUSIVE",
    transactional: false,
    lockMs: 0,
    statementMs: 0,
  } as const;
  return [
    ...(replacesInvalid ? [step(facts, { ...unhurried, sql: drop })] : []),
    step(facts, {
      ...unhurried,
      sql: createIndex(index, qualified(facts.namespace, table), { concurrently: true }),
      work: { rows: known.rows, bytes: known.bytes },
      cleanup: [drop],
    }),
  ];
}

/** What is the same for every part of a partitioned index. */
interface Whole {
  readonly object: string;
  readonly replacesInvalid: boolean;
  /** Indexes that are there, by partition. */
  readonly parts: ReadonlyMap<string, string>;
}

/** On the parent alone first, then on each partition by itself, then attached: the last one makes it valid. */
function partitionedSteps(table: string, index: Index, whole: Whole, facts: Facts): Step[] {
  const { namespace } = facts;
  const { object, replacesInvalid, parts } = whole;
  const base = { operation: "add_index", table, object } as const;
  const parent = qualified(namespace, index.name);
  const drop = replacesInvalid
    ? [
        step(facts, {
          ...base,
          sql: `DROP INDEX IF EXISTS ${parent}`,
          lock: "ACCESS EXCLUSIVE",
        }),
      ]
    : [];
  return [
    ...drop,
    step(facts, {
      ...base,
      sql: createIndex(index, qualified(namespace, table), { only: true }),
      lock: "SHARE",
    }),
    ...(facts.partitions.get(table) ?? []).flatMap((partition) => {
      const present = parts.get(partition);
      const part: Index = {
        ...index,
        name: present ?? withSuffix(partition, `_${shortHash(index.name)}_idx`),
      };
      const build = facts.partitioned.has(partition)
        ? partitionedSteps(partition, part, whole, facts)
        : concurrentSteps({ ...base, table: partition }, partition, part, true, facts);
      return [
        ...(present === undefined ? build : []),
        step(facts, {
          ...base,
          table: partition,
          sql: `ALTER INDEX ${parent} ATTACH PARTITION ${qualified(namespace, part.name)}`,
          lock: "ACCESS EXCLUSIVE",
        }),
      ];
    }),
  ];
}

/** Tells the parts of several indexes on one partition apart; the same in every run. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash.toString(36);
}
