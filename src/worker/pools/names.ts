/** Names of the application's own pools: after their database, told apart by number, never without bound. */
import { registeredNames } from "./registry.js";

/** Further pools share one name: an application that makes a pool for each tenant can't flood the metrics. */
const MAX_NAMES = 16;

export function nameFor(options: Readonly<Record<PropertyKey, unknown>>): string {
  const base = databaseOf(options);
  const taken = registeredNames();
  if (!taken.has(base)) return taken.size < MAX_NAMES ? base : "others";
  for (let number = 2; number <= MAX_NAMES; number += 1) {
    const name = `${base}#${number}`;
    if (!taken.has(name)) return taken.size < MAX_NAMES ? name : "others";
  }
  return "others";
}

/** The database's name, without host or credentials. */
function databaseOf(options: Readonly<Record<PropertyKey, unknown>>): string {
  const { connectionString, database } = options;
  if (typeof connectionString === "string") {
    const name = /^[^?#]*\/([^/?#]+)(?:[?#]|$)/.exec(connectionString)?.[1];
    if (name !== undefined && !name.includes("@") && !name.includes(":")) return safe(name);
  }
  if (typeof database === "string" && database !== "") return safe(database);
  return safe(process.env["PGDATABASE"] ?? "pg");
}

function safe(name: string): string {
  return name.replaceAll(/[^\w.%-]/g, "_").slice(0, 63);
}
