/** `supervise init`: files for a project that is to be supervised. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import pc from "picocolors";
import { SuperviseError } from "../../errors.js";
import type { InitResult } from "../../init/init.js";
import type { CliContext } from "../context.js";

interface InitOptions {
  fromDatabase?: string | true;
  force?: boolean;
  json?: boolean;
}

function folderFrom(given: string | undefined): string {
  const root = resolve(given ?? ".");
  if (existsSync(root) && statSync(root).isDirectory()) return root;
  throw new SuperviseError("INPUT_NOT_FOUND", {
    what: `there is no folder ${given ?? root}`,
    remedy: "make it first, or run supervise init inside the project's folder",
  });
}

function renderInit(result: InitResult, colour: boolean): string {
  const paint = pc.createColors(colour);
  const marks = {
    created: paint.green("created    "),
    overwritten: paint.yellow("overwritten"),
    extended: paint.green("extended   "),
    kept: paint.dim("kept       "),
  };
  const what = result.framework === null ? "application" : `${result.framework} application`;
  const found =
    result.found === null
      ? `no application found: ${result.entry} is a small one to start from`
      : `${what} found: ${result.entry} (${result.found})`;
  const lines = [
    found,
    ...(result.migrations === null
      ? []
      : [`migrations of ${result.migrations.tool} found: ${result.migrations.folder}`]),
    "",
    ...result.files.map(({ path, action }) => `  ${marks[action]}  ${path}`),
    ...(result.notes.length === 0 ? [] : ["", ...result.notes.map((note) => `- ${note}`)]),
    "",
    `Next: ${paint.bold(result.next.join(" && "))}`,
  ];
  return `${lines.join("\n")}\n`;
}

/** The URL given, else the one that the project's configuration has. */
async function readSchema(root: string, given: string | true): Promise<string> {
  const { loadConfig } = await import("../../config/load.js");
  const { config } = await loadConfig({ cwd: root, env: process.env, flags: {} });
  const url = given === true ? (config.database.directUrl ?? config.database.url) : given;
  if (url === null) {
    throw new SuperviseError("DATABASE_MISSING", {
      what: "no database to read the schema from",
      remedy: "set DATABASE_URL, or name it: supervise init --from-database postgresql://...",
    });
  }
  const { schemaFromDatabase } = await import("../../init/from-database.js");
  return schemaFromDatabase(url, config.database.namespace);
}

export function registerInit(program: Command, context: CliContext): void {
  program
    .command("init")
    .description("write dazzle.toml, a Procfile and, where there is none, a starter application")
    .argument("[folder]", "the project's folder (default: here)")
    .option("--force", "overwrite dazzle.toml, Procfile, .env.example and schema.sql")
    .option(
      "--from-database [url]",
      "write schema.sql from a live database (default: the configured one)",
    )
    .option("--json", "print one JSON document")
    .action(async (folder: string | undefined, options: InitOptions) => {
      const root = folderFrom(folder);
      const { initProject } = await import("../../init/init.js");
      const { fromDatabase } = options;
      const schema = fromDatabase === undefined ? null : await readSchema(root, fromDatabase);
      const result = initProject(root, { force: options.force === true, schema });
      context.io.stdout(
        options.json === true
          ? `${JSON.stringify(result, null, 2)}\n`
          : renderInit(result, context.io.colour),
      );
    });
}
