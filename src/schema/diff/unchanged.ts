/**
 * Whether a table is as it shall be, at a glance: where the catalog is remembered, what did not change
 * is made of the very objects that the files are made of (migration/remembered.ts).
 */
import type { Column, Identity, Table } from "../model.js";

/** False does not mean that the two differ. */
export const isUnchanged = (live: Table, desired: Table): boolean =>
  live === desired ||
  (sameBut(live, desired, "columns") &&
    live.columns.length === desired.columns.length &&
    desired.columns.every((column, at) => isSameColumn(live.columns[at], column)));

function isSameColumn(live: Column | undefined, desired: Column): boolean {
  if (live === undefined || live === desired) return live === desired;
  return sameBut(live, desired, "identity") && isSameIdentity(live.identity, desired.identity);
}

/** A name that is left to the server is any. */
function isSameIdentity(live: Identity | null, desired: Identity | null): boolean {
  if (live === null || desired === null) return live === desired;
  return desired.sequence === null && sameBut(live, desired, "sequence");
}

const sameBut = <T extends object>(live: T, desired: T, except: keyof T): boolean =>
  Object.keys(desired).every(
    (name) => name === except || Reflect.get(live, name) === Reflect.get(desired, name),
  );
