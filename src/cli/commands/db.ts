/** `supervise db revision | upgrade | downgrade | current | history | stamp | verify`. */
import type { Command } from "commander";
import { EXIT } from "../../errors.js";
import type * as commands from "../../migration/commands.js";
import type { HistoryEntry } from "../../migration/commands.js";
import type { RunOptions } from "../../migration/revisions/run.js";
import type { Session } from "../../postgres/session.js";
import type { CliContext } from "../context.js";
import { untilSignal } from "../until-signal.js";

type Commands = typeof commands;

interface Printed {
  json?: boolean;
}

/** The `db` group, which other files add to as well. */
function dbGroup(program: Command): Command {
  const existing = program.commands.find((command) => command.name() === "db");
  return existing ?? program.command("db").description("revisions and the state of the database");
}

export function registerDb(program: Command, context: CliContext): void {
  const db = dbGroup(program);
  const json = (command: Command): Command => command.option("--json", "print one JSON document");
  json(db.command("revision").description("write a new revision file"))
    .requiredOption("-m, --message <text>", "what it is about; names the file")
    .option("--autogenerate", "fill it from the unsafe part of the plan")
    .action((flags: Printed & { message: string; autogenerate?: boolean }) =>
      revision(context, flags),
    );
  for (const direction of ["up", "down"] as const) {
    const words = { up: "run pending revisions", down: "undo applied revisions" };
    json(db.command(`${direction}grade`).description(words[direction]))
      .argument("[target]", "a version, the beginning of one, +N, -N, head or base")
      .option("--sql", "print the SQL instead of running it")
      .action((target: string | undefined, flags: Printed & { sql?: boolean }) =>
        run(context, direction, target ?? (direction === "up" ? "head" : "-1"), flags),
      );
  }
  json(db.command("current").description("print the newest applied revision")).action(
    (flags: Printed) => current(context, flags),
  );
  json(db.command("history").description("list every revision and whether it is applied")).action(
    (flags: Printed) => history(context, flags),
  );
  json(db.command("stamp").description("mark revisions as applied without running them"))
    .argument("<target>", "everything up to it counts as applied; head or base")
    .action((target: string, flags: Printed) => stamp(context, target, flags));
  json(
    db.command("verify").description("compare schema files and revisions with the database"),
  ).action((flags: Printed) => verify(context, flags));
}

const printJson = (context: CliContext, document: unknown): void =>
  context.io.stdout(`${JSON.stringify(document, null, 2)}\n`);

/** Configuration, session and, where `lock` says so, the migration lock around `work`. */
async function withDatabase<T>(
  context: CliContext,
  lock: boolean,
  work: (session: Session, options: RunOptions, commands: Commands) => Promise<T>,
): Promise<T> {
  return untilSignal(async (signal) => {
    const { config } = await context.load();
    const log = await context.logger();
    const { withLock, withSession } = await import("../../migration/open.js");
    const jobs = await import("../../migration/commands.js");
    const options = { config, log, signal };
    return withSession(config, log, signal, (session) =>
      lock
        ? withLock(session, config, log, signal, () => work(session, options, jobs))
        : work(session, options, jobs),
    );
  });
}

async function revision(
  context: CliContext,
  flags: Printed & { message: string; autogenerate?: boolean },
): Promise<void> {
  const created =
    flags.autogenerate === true
      ? await withDatabase(context, false, (session, { config, log }, { autogenerate }) =>
          autogenerate(session, config, flags.message, new Date(), log),
        )
      : [await blank(context, flags.message)];
  if (flags.json === true) {
    printJson(context, { revisions: created });
    return;
  }
  if (created.length === 0) {
    context.io.stdout("the plan has no unsafe part: nothing to write\n");
  }
  for (const { file, notes } of created) {
    context.io.stdout(`${file}\n`);
    for (const note of notes) context.io.stderr(`  check: ${note}\n`);
  }
}

async function blank(context: CliContext, message: string) {
  const { config } = await context.load();
  const { createRevision } = await import("../../migration/commands.js");
  return createRevision(config, message, new Date());
}

async function run(
  context: CliContext,
  direction: "up" | "down",
  target: string,
  flags: Printed & { sql?: boolean },
): Promise<void> {
  if (flags.sql === true) {
    const sql = await withDatabase(context, false, (session, options, { offline }) =>
      offline(session, direction, target, options),
    );
    if (flags.json === true) printJson(context, { sql });
    else context.io.stdout(sql);
    return;
  }
  const done = await withDatabase(context, true, (session, options, commands) =>
    direction === "up"
      ? commands.upgrade(session, target, options)
      : commands.downgrade(session, target, options),
  );
  if (flags.json === true) printJson(context, { direction, revisions: done });
  else {
    const nothing = direction === "up" ? "nothing is pending\n" : "nothing to undo\n";
    context.io.stdout(done.length === 0 ? nothing : done.map((name) => `${name}\n`).join(""));
  }
}

async function current(context: CliContext, flags: Printed): Promise<void> {
  const entries = await withDatabase(context, false, (session, options, { readHistory }) =>
    readHistory(session, options),
  );
  const last = entries.filter(({ appliedAt }) => appliedAt !== null).at(-1);
  if (flags.json === true) {
    printJson(context, { current: last?.version ?? null, name: last?.name ?? null });
  } else {
    const head = last === entries.at(-1) ? " (head)" : "";
    context.io.stdout(
      last === undefined ? "no revision is applied\n" : `${last.version}_${last.name}${head}\n`,
    );
  }
}

async function history(context: CliContext, flags: Printed): Promise<void> {
  const entries = await withDatabase(context, false, (session, options, { readHistory }) =>
    readHistory(session, options),
  );
  if (flags.json === true) {
    printJson(context, {
      revisions: entries.map(({ version, name, state, appliedAt }) => ({
        version,
        name,
        state,
        applied_at: appliedAt,
      })),
    });
    return;
  }
  const { renderTable } = await import("../render/table.js");
  const row = ({ version, name, state, appliedAt }: HistoryEntry): string[] => [
    version,
    name,
    state,
    appliedAt ?? "",
  ];
  context.io.stdout(
    entries.length === 0
      ? "there are no revisions\n"
      : `${renderTable([{ title: "version" }, { title: "name" }, { title: "state" }, { title: "applied" }], entries.map(row))}\n`,
  );
}

async function stamp(context: CliContext, target: string, flags: Printed): Promise<void> {
  const marked = await withDatabase(context, true, (session, options, commands) =>
    commands.stamp(session, target, options),
  );
  if (flags.json === true) printJson(context, { revisions: marked });
  else {
    const { counted } = await import("../../util/counted.js");
    context.io.stdout(`${counted(marked.length, "revision")} marked as applied\n`);
  }
}

async function verify(context: CliContext, flags: Printed): Promise<void> {
  const found = await withDatabase(context, false, (session, { config, log }, commands) =>
    commands.verify(session, config, log),
  );
  if (flags.json === true) printJson(context, found);
  else {
    const { counted } = await import("../../util/counted.js");
    const { schema, revisions } = found;
    const lines = [
      ...revisions.map(({ version, name, state }) => `revision ${version}_${name} is ${state}`),
      ...(schema.safe > 0
        ? [`${counted(schema.safe, "safe statement")} to apply: supervise migrate`]
        : []),
      ...(schema.unsafe > 0
        ? [`${counted(schema.unsafe, "unsafe change")}: supervise migrate --dry-run shows them`]
        : []),
    ];
    context.io.stdout(
      found.ok ? "schema files and revisions fit the database\n" : `${lines.join("\n")}\n`,
    );
  }
  if (!found.ok) context.exitWith(EXIT.differences);
}
