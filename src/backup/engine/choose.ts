/** Which engine saves the rows, and why. */
import { SuperviseError } from "../../errors.js";
import type { Inventory } from "../database/inventory.js";
import type { PgDump } from "./find-pg-dump.js";

export type EngineName = "auto" | "pg_dump" | "copy";

export type Engine =
  | { readonly name: "pg_dump"; readonly program: PgDump }
  | { readonly name: "copy"; readonly reason: string };

/** Newest archive that the restore reads is that of PostgreSQL 18. */
const NEWEST_MAJOR = 18;

/** What pg_dump, asked for one schema, would not save; null when nothing. */
function beyondPgDump(inventory: Inventory): string | null {
  const outside = inventory.tables.find((table) => table.schema !== inventory.namespace);
  if (outside !== undefined) {
    return `the partition ${outside.schema}.${outside.name} lies outside the schema ${inventory.namespace}`;
  }
  if (inventory.largeObjects.unreadable > 0) {
    return "some large objects of the database belong to another role";
  }
  return null;
}

/**
 * @param found every pg_dump, newest first
 * @throws CONFIG_INVALID when pg_dump is asked for and cannot do it
 */
export function chooseEngine(
  asked: EngineName,
  found: readonly PgDump[],
  serverMajor: number,
  inventory: Inventory,
): Engine {
  if (asked === "copy") return { name: "copy", reason: "asked for" };
  const program = found.find(({ major }) => major >= serverMajor && major <= NEWEST_MAJOR);
  const newest = found[0];
  const unsuitable =
    program === undefined
      ? newest === undefined
        ? "there is no pg_dump on PATH or in the usual folders"
        : `the newest pg_dump is ${newest.version}, the server is ${serverMajor}`
      : null;
  const reason = unsuitable ?? beyondPgDump(inventory);
  if (program !== undefined && reason === null) return { name: "pg_dump", program };
  if (asked === "auto") return { name: "copy", reason: reason ?? "" };
  throw new SuperviseError("CONFIG_INVALID", {
    what: `pg_dump cannot make this backup: ${reason ?? ""}`,
    where: "--engine pg_dump",
    remedy: "install a suitable one, or use --engine copy",
  });
}
