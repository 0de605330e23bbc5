// What the parts of the migration benchmark share: the project folder, the program, the schema.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export const program = join(import.meta.dirname, "../../bin/supervise.js");

/** Tables of 10 columns, 2 indexes and 1 foreign key. @param {number} tables @param {string} more */
export const schemaOf = (tables, more = "") =>
  Array.from(
    { length: tables },
    (_, at) => `create table t${at} (id bigint generated always as identity primary key,
      a text not null default 'x', b bigint ${at > 0 ? `references t${at - 1} (id)` : ""}, c numeric(10,2),
      d timestamptz default now(), e int, f int, g text, h varchar(20), i jsonb ${at === 0 ? more : ""});
      create index on t${at} (a); create index on t${at} (b, e);`,
  ).join("\n");

/** @param {string} root @param {string} sql */
export const state = (root, sql) => writeFileSync(join(root, "schema.sql"), sql);

/** Milliseconds. @param {() => unknown} work */
export function time(work) {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** @param {string} root @param {string} url @param {string[]} args */
export function supervise(root, url, ...args) {
  const done = spawnSync(process.execPath, [program, "--log-level", "error", "migrate", ...args], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (done.status !== 0) throw new Error(`supervise migrate ended with ${done.status}`);
}
