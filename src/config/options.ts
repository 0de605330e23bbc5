/**
 * Every setting, each with its manual: what it means, its unit, its defaults, its environment
 * variable and flag, and an example. One file a section in options/. docs/configuration.md is
 * generated from them, and resolve.ts reads every value through them, so a setting that is not here
 * does not exist.
 */
import { app } from "./options/app.js";
import { backup } from "./options/backup.js";
import { control } from "./options/control.js";
import { database } from "./options/database.js";
import { migrate } from "./options/migrate.js";
import type { Option } from "./options/option.js";
import { pool } from "./options/pool.js";
import { project } from "./options/project.js";
import { supervisor } from "./options/supervisor.js";

/** Sections and keys in the order of the documentation. */
export const OPTIONS = { project, app, database, pool, migrate, supervisor, control, backup };

/** An option whose kind of value does not matter. */
export type AnyOption = Option<unknown>;

export const ALL_OPTIONS: readonly AnyOption[] = [
  ...Object.values(project),
  ...Object.values(app),
  ...Object.values(database),
  ...Object.values(pool),
  ...Object.values(migrate),
  ...Object.values(supervisor),
  ...Object.values(control),
  ...Object.values(backup),
];

/** What each section is about; the headings of the documentation. */
export const SECTIONS: Readonly<Record<keyof typeof OPTIONS, string>> = {
  project: "The project and its pin",
  app: "The application and its workers",
  database: "The database and its schema",
  pool: "Each worker's connection pool",
  migrate: "Schema changes at start",
  supervisor: "Supervision: restarts, drain, limits",
  control: "Health, metrics and commands over TCP",
  backup: "Backups",
};
