/** What each unsafe change holds and does: by the rules of schema/footprint.ts, with the sizes of the tables. */
import type { Session } from "../postgres/session.js";
import type { Alteration } from "../schema/changes.js";
import { costOf, footprintOfStep, type Cost, type Part } from "../schema/cost.js";
import { isMadeOf } from "../schema/diff/holders.js";
import { andAbove } from "../schema/diff/referring-rows.js";
import { footprints } from "../schema/footprint.js";
import type { Surroundings } from "../schema/footprint-parts.js";
import { parseStatement } from "../schema/grammar.js";
import type { Model } from "../schema/model.js";
import { id, qualified } from "../schema/names.js";
import { stepsFor } from "../schema/sql.js";
import type { Facts } from "../schema/steps.js";
import { readSizes } from "./facts.js";

export interface Weighed extends Alteration {
  readonly cost: Cost;
}

interface Known {
  readonly live: Model;
  readonly desired: Model;
  readonly facts: Facts;
  /** Tables of the same plan. */
  readonly created: ReadonlySet<string>;
}

/** Takes no lock on a table but that of reading its size. */
export async function withCosts(
  session: Session,
  alterations: readonly Alteration[],
  known: Known,
): Promise<Weighed[]> {
  const names = formerNames(alterations);
  const created = new Set([...known.created, ...heldTables(alterations)]);
  const found: { readonly item: Alteration; readonly parts: readonly Part[] }[] = [];
  for (const item of alterations) {
    found.push({ item, parts: await partsOf(item, { ...known, created }, names) });
  }
  const touched = found.flatMap(({ parts }) =>
    parts.flatMap(({ footprint }) => footprint?.deeds.map(({ table }) => names(table)) ?? []),
  );
  const missing = new Set(touched.filter((name) => !known.facts.tables.has(name)));
  const sizes = new Map([
    ...known.facts.tables,
    ...(await readSizes(session, known.live.namespace, [...missing])),
  ]);
  return found.map(({ item, parts }) => ({
    ...item,
    cost: costOf(parts, (table) => sizes.get(names(table))),
  }));
}

/** Statements speak of tables by the names that they have once renames are done. */
function formerNames(alterations: readonly Alteration[]): (table: string) => string {
  const old = new Map(
    alterations.flatMap(({ operation, table, object }): [string, string][] =>
      operation === "rename_table" && table !== null ? [[table, object]] : [],
    ),
  );
  return (table) => old.get(table) ?? table;
}

const heldTables = (alterations: readonly Alteration[]): string[] =>
  alterations.flatMap(({ elsewhere }) =>
    elsewhere?.by === "next apply" && elsewhere.addition.kind === "create_table"
      ? [elsewhere.addition.table.name]
      : [],
  );

async function partsOf(
  item: Alteration,
  known: Known,
  names: (table: string) => string,
): Promise<Part[]> {
  const { elsewhere, first, up, last } = item;
  if (elsewhere?.by === "next apply") {
    return stepsFor(elsewhere.addition, known.facts, (table) => known.created.has(table)).map(
      (step) => ({ footprint: footprintOfStep(step), transaction: "own" }),
    );
  }
  const alone = item.transactional ? "shared" : "own";
  const statements = [
    ...first.map((sql) => ({ sql, transaction: "shared" as const })),
    ...up.map((sql) => ({ sql, transaction: alone }) as const),
    ...last.map((sql) => ({ sql, transaction: "shared" as const })),
    ...(elsewhere?.statements ?? []).map((sql) => ({ sql, transaction: alone }) as const),
  ];
  const nodes = await Promise.all(statements.map(({ sql }) => parseStatement(sql)));
  const found = footprints(nodes, surroundings(item, known, names));
  return statements.map(({ transaction }, at) => ({ footprint: found[at] ?? null, transaction }));
}

function surroundings(
  { retyped }: Alteration,
  { live, desired, facts }: Known,
  names: (table: string) => string,
): Surroundings {
  return {
    retyped,
    computes: (table, column) =>
      desired.tables.find(({ name }) => name === table)?.columns.find(({ name }) => name === column)
        ?.rewrites === true,
    holders: (domain) => holdersOf(domain, live),
    isPartitioned: (table) => facts.partitioned.has(names(table)),
    isLed: (table, column) => {
      const { constraints = [], indexes = [] } =
        live.tables.find(({ name }) => name === names(table)) ?? {};
      const after = desired.tables.find(({ name }) => name === table);
      // What goes by the same plan may be gone by then.
      const stay = new Set(
        [...(after?.constraints ?? []), ...(after?.indexes ?? [])].map(({ name }) => name),
      );
      const start = `USING btree (${id(column)}`;
      return (
        constraints.some(
          ({ name, kind, columns }) =>
            stay.has(name) && (kind === "primary" || kind === "unique") && columns[0] === column,
        ) ||
        indexes.some(
          ({ name, definition }) =>
            stay.has(name) &&
            [" ", ",", ")"].some((end) => definition.startsWith(start + end)) &&
            !definition.includes(" WHERE "),
        )
      );
    },
    isComposite: (type) => live.composites.some(({ name }) => name === type),
    defaultOf: (table) =>
      live.tables.find(
        ({ partitionOf }) =>
          partitionOf?.parent === names(table) && partitionOf.bound === "DEFAULT",
      )?.name ?? null,
    referring: (table) => {
      const above = andAbove(names(table), live);
      return live.tables.flatMap(({ name: of, constraints }) =>
        constraints
          .filter(({ references }) => above.includes(references?.table ?? ""))
          .map(({ name }) => ({ of, name })),
      );
    },
  };
}

function holdersOf(type: string, live: Model): string[] {
  const own = live.tables
    .filter(({ columns }) => columns.some(({ usesType }) => usesType === type))
    .map(({ name }) => name);
  const made = live.domains.filter((other) => isMadeOf(other, qualified(live.namespace, type)));
  return [...own, ...made.flatMap(({ name }) => holdersOf(name, live))];
}
