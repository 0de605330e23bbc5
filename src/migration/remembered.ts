/**
 * Pure: the live model kept beside the record of the last apply. A plan after a change of the schema
 * files then reads no catalog as long as the catalog is proven to be as it was (fingerprint.ts). What
 * is as the schema files wanted it then, which is nearly all, is kept as a name alone.
 */
import { withServersNames } from "../schema/identity-names.js";
import type { Model } from "../schema/model.js";
import type { Fragment } from "../schema/units.js";

type Part<T> = readonly (string | T)[];
type Parts = Omit<Model, "namespace" | "extensions">;

/** Extensions are left out: they belong to no namespace, and are few. */
export type Remembered = {
  readonly [Key in keyof Parts]: Parts[Key] extends readonly (infer T)[] ? Part<T> : never;
};

interface Named {
  readonly name: string;
}

/** `fragments` are what the schema files were taken to mean when `live` was read. */
export function remember(live: Model, fragments: Iterable<Fragment>): Remembered {
  const wanted = wantedBy(fragments);
  return {
    enums: shorten(live.enums, wanted.enums),
    domains: shorten(live.domains, wanted.domains),
    composites: shorten(live.composites, wanted.composites),
    sequences: shorten(live.sequences, wanted.sequences),
    tables: shorten(live.tables, wanted.tables),
  };
}

/** Null when a name is not among the fragments. */
export function recall(kept: Remembered, fragments: Iterable<Fragment>): Parts | null {
  const wanted = wantedBy(fragments);
  const enums = lengthen(kept.enums, wanted.enums);
  const domains = lengthen(kept.domains, wanted.domains);
  const composites = lengthen(kept.composites, wanted.composites);
  const sequences = lengthen(kept.sequences, wanted.sequences);
  const tables = lengthen(kept.tables, wanted.tables);
  if (enums === null || domains === null || composites === null) return null;
  if (sequences === null || tables === null) return null;
  return { enums, domains, composites, sequences, tables };
}

function wantedBy(fragments: Iterable<Fragment>) {
  const all = [...fragments];
  const byName = <T extends Named>(items: readonly T[]): ReadonlyMap<string, T> =>
    new Map(items.map((item) => [item.name, item]));
  return {
    enums: byName(all.flatMap(({ enums }) => enums)),
    domains: byName(all.flatMap(({ domains }) => domains)),
    composites: byName(all.flatMap(({ composites }) => composites)),
    sequences: byName(all.flatMap(({ sequences }) => sequences)),
    tables: byName(all.flatMap(({ tables }) => tables.map(withServersNames))),
  };
}

function shorten<T extends Named>(items: readonly T[], wanted: ReadonlyMap<string, T>): Part<T> {
  return items.map((item) =>
    JSON.stringify(wanted.get(item.name)) === JSON.stringify(item) ? item.name : item,
  );
}

function lengthen<T extends Named>(kept: Part<T>, wanted: ReadonlyMap<string, T>): T[] | null {
  const items: T[] = [];
  for (const item of kept) {
    const whole = typeof item === "string" ? wanted.get(item) : item;
    if (whole === undefined) return null;
    items.push(whole);
  }
  return items;
}
