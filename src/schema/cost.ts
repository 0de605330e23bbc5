/** What an unsafe change costs, put together from the footprints of its statements. Pure. */
import type { Deed, Footprint } from "./footprint-parts.js";
import { strongest, type LockLevel, type Step } from "./steps.js";

export interface Work {
  /** The heaviest of what it does. */
  readonly does: Deed["kind"];
  /** Estimates, of all tables together. */
  readonly rows: number;
  readonly bytes: number;
  /** The strongest lock that is held meanwhile: weaker than the change's where that is taken later on. */
  readonly lock: LockLevel;
}

export interface Cost {
  /** Null where nothing is known of what will run: a person has to write it. */
  readonly lock: LockLevel | null;
  readonly rewrites: boolean | null;
  /** Null when it is a matter of the catalog alone, and where nothing is known. */
  readonly work: Work | null;
}

/** One statement. What a transaction holds it holds to its end. */
export interface Part {
  /** Null: nobody knows. */
  readonly footprint: Footprint | null;
  readonly transaction: "shared" | "own";
}

export type SizeOf = (
  table: string,
) => { readonly rows: number; readonly bytes: number } | undefined;

const UNKNOWN: Cost = { lock: null, rewrites: null, work: null };
const HEAVIEST = ["rewrites", "writes", "reads"] as const;

export function costOf(parts: readonly Part[], sizeOf: SizeOf): Cost {
  let held: LockLevel = "NONE";
  const locks: LockLevel[] = [];
  const deeds: (Deed & { readonly lock: LockLevel })[] = [];
  for (const { footprint, transaction } of parts) {
    if (footprint === null) return UNKNOWN;
    locks.push(footprint.lock);
    if (transaction === "shared") held = strongest([held, footprint.lock]);
    const lock = transaction === "shared" ? held : footprint.lock;
    deeds.push(...footprint.deeds.map((deed) => ({ ...deed, lock })));
  }
  if (parts.length === 0) return UNKNOWN;
  const does = HEAVIEST.find((kind) => deeds.some((deed) => deed.kind === kind));
  const lock = strongest(locks);
  if (does === undefined) return { lock, rewrites: false, work: null };
  const main = deeds.filter(({ kind }) => kind === does);
  const sizes = [...new Set(main.map(({ table }) => table))].flatMap((name) => sizeOf(name) ?? []);
  return {
    lock,
    rewrites: does === "rewrites",
    work: {
      does,
      rows: sizes.reduce((sum, { rows }) => sum + rows, 0),
      bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
      lock: strongest(main.map((deed) => deed.lock)),
    },
  };
}

/** Of a step, as it runs by itself. */
export function stepDoes({ lock, rewrites }: Pick<Step, "lock" | "rewrites">): Deed["kind"] {
  return rewrites ? "rewrites" : lock === "ROW EXCLUSIVE" ? "writes" : "reads";
}

export const footprintOfStep = (step: Step): Footprint => ({
  lock: step.lock,
  deeds:
    step.work === null || step.table === null ? [] : [{ kind: stepDoes(step), table: step.table }],
});
