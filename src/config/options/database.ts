/** The settings of `[database]`: where it is, and what it should look like. */
import { flag, list, optional, text } from "../kinds.js";
import { checkDatabaseUrl, checkNamespace } from "../texts.js";
import { byProfile, option } from "./option.js";
import { path } from "./shared.js";

const url = optional(text("a URL such as postgresql://user@host:5432/name", checkDatabaseUrl));

export const database = {
  /** The application's database. */
  url: option({
    key: "database.url",
    kind: url,
    default: null,
    variable: "DATABASE_URL",
    secret: "url",
    doc: "The application's database. Special characters in user and password are percent-encoded. Unset: the embedded PostgreSQL where the profile has it, else exit 69. Passwords belong in the environment variable, not in a file that is committed.",
    example: '"postgresql://tasks@db.internal:5432/tasks"',
  }),
  /** Past a transaction pooler: for the lock and DDL. */
  directUrl: option({
    key: "database.direct_url",
    kind: url,
    default: null,
    defaultNote: "database.url",
    variable: "DATABASE_DIRECT_URL",
    secret: "url",
    doc: "The same database, reached without a transaction pooler: for the advisory lock and for DDL. Needs database.url.",
    example: '"postgresql://tasks@db.internal:5432/tasks"',
  }),
  /** The PostgreSQL schema of the application's tables. */
  namespace: option({
    key: "database.namespace",
    kind: text("the name of a PostgreSQL schema", checkNamespace),
    default: "public",
    doc: "The PostgreSQL schema that the application's tables live in.",
    example: '"public"',
  }),
  /** The desired state of the database, plain SQL. */
  schema: option<readonly string[]>({
    key: "database.schema",
    kind: list(path),
    default: ["schema.sql"],
    defaultNote: '["schema.sql"] where that file exists, else none',
    doc: "Files of plain SQL that state the desired schema, relative to the folder of dazzle.toml. Globs allowed.",
    example: '["schema.sql", "schema/*.sql"]',
  }),
  /** The folder of hand-written revisions. */
  revisions: option({
    key: "database.revisions",
    kind: path,
    default: "migrations",
    doc: "The folder of hand-written revisions, relative to the folder of dazzle.toml.",
    example: '"migrations"',
  }),
  /** Start the embedded PostgreSQL when no URL is set. */
  embedded: option({
    key: "database.embedded",
    kind: flag(),
    default: byProfile(true, false, false),
    neverIn: ["staging", "production"],
    doc: "Start an embedded PostgreSQL, with its data in `.dazzle/postgres`, when no URL is set. Cannot be turned on in staging and production: without a URL they exit 69.",
    example: "false",
  }),
};
