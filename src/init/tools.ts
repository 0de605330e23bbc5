/** Other migration tools: how each is recognised, and how it and supervise go together. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

export interface Tool {
  readonly name: string;
  /** Where its migrations are, relative to the project's folder. */
  readonly folder: string;
  /** Where supervise's own revisions go, so that neither reads the other's files. */
  readonly revisions: string;
  /** How the two go together, one sentence each. */
  readonly advice: readonly string[];
}

interface Evidence {
  readonly root: string;
  readonly dependencies: ReadonlySet<string>;
}

/** The first tool whose traces are there; null when there are none. */
export function detectTool(root: string, dependencies: ReadonlySet<string>): Tool | null {
  const evidence = { root, dependencies };
  for (const recognise of [prisma, drizzle, nodePgMigrate, dbmate, knex]) {
    const tool = recognise(evidence);
    if (tool !== null) return tool;
  }
  return null;
}

/** What holds for every tool that goes on migrating. */
const goesOn = (name: string, command: string): string[] => [
  `${name} stays in charge of the schema: run \`${command}\` before the workers start (in a Procfile as the release phase), and leave schema.sql out`,
  "to hand the schema over to supervise instead, run `supervise init --from-database --force`: it writes schema.sql from the live database, and supervise then applies what you add there",
];

function prisma({ root, dependencies }: Evidence): Tool | null {
  const traces = ["prisma/schema.prisma", "prisma/migrations", "schema.prisma"];
  if (!dependencies.has("prisma") && !traces.some((path) => existsSync(join(root, path)))) {
    return null;
  }
  return {
    name: "Prisma",
    folder: "prisma/migrations",
    revisions: "revisions",
    advice: goesOn("Prisma", "npx prisma migrate deploy"),
  };
}

function drizzle({ root, dependencies }: Evidence): Tool | null {
  const configured = namesIn(root).some((name) => /^drizzle\.config\.\w+$/.test(name));
  const journal = existsSync(join(root, "drizzle/meta/_journal.json"));
  if (!dependencies.has("drizzle-kit") && !configured && !journal) return null;
  return {
    name: "Drizzle",
    folder: "drizzle",
    revisions: "revisions",
    advice: [
      ...goesOn("Drizzle", "npx drizzle-kit migrate"),
      "`drizzle(ctx.pool)` takes the worker's pool as it is",
    ],
  };
}

function nodePgMigrate({ root, dependencies }: Evidence): Tool | null {
  const files = migrationsIn(root, "migrations", /^\d{10,}[_-].+\.(?:[cm]?js|ts|sql)$/);
  const written = files.some((file) =>
    /exports\.up|export (?:const|async function|function) up|^-- up migration/im.test(read(file)),
  );
  if (!dependencies.has("node-pg-migrate") && !written) return null;
  return {
    name: "node-pg-migrate",
    folder: "migrations",
    revisions: "revisions",
    advice: goesOn("node-pg-migrate", "npx node-pg-migrate up"),
  };
}

function dbmate({ root, dependencies }: Evidence): Tool | null {
  for (const folder of ["db/migrations", "migrations"]) {
    const files = migrationsIn(root, folder, /^\d{10,}_.+\.sql$/);
    if (!files.some((file) => /^-- migrate:up/m.test(read(file)))) continue;
    return {
      name: "dbmate",
      folder,
      revisions: folder,
      advice: [
        "supervise reads dbmate's files as they are (`-- migrate:up`, `-- migrate:down`): [database] revisions points at them",
        "on a database that dbmate has migrated, mark them as run once: `supervise db stamp head`",
        "from then on use one of the two; `supervise db upgrade` takes the place of `dbmate up`",
      ],
    };
  }
  if (!dependencies.has("dbmate")) return null;
  return {
    name: "dbmate",
    folder: "db/migrations",
    revisions: "db/migrations",
    advice: ["supervise reads dbmate's files as they are: [database] revisions points at them"],
  };
}

function knex({ root }: Evidence): Tool | null {
  if (!namesIn(root).some((name) => /^knexfile\.\w+$/.test(name))) return null;
  return {
    name: "Knex",
    folder: "migrations",
    revisions: "revisions",
    advice: goesOn("Knex", "npx knex migrate:latest"),
  };
}

const migrationsIn = (root: string, folder: string, pattern: RegExp): string[] =>
  namesIn(join(root, folder))
    .filter((name) => pattern.test(name))
    .map((name) => join(root, folder, name));

const namesIn = (folder: string): string[] =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(folder) : [];

const read = (file: string): string => readFileSync(file, "utf8");
