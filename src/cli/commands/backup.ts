/** `supervise backup create | restore | list | verify | prune`. */
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { noProgress, type Progress } from "../../backup/progress.js";
import type { EngineName } from "../../backup/engine/choose.js";
import type { RestorePlan } from "../../backup/restore.js";
import { interrupted } from "../../backup/refusals.js";
import { SuperviseError } from "../../errors.js";
import type { CliContext } from "../context.js";

interface Printed {
  json?: boolean;
}

interface CreateOptions extends Printed {
  output?: string;
  dataOnly?: boolean;
  dryRun?: boolean;
  engine: EngineName;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("it must be a whole number of at least 1.");
}

const printJson = (context: CliContext, document: unknown): void =>
  context.io.stdout(`${JSON.stringify(document, null, 2)}\n`);

/** Aborts on INT, TERM and HUP; `done` gives the signals back. */
function untilSignal(): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const name of signals) process.on(name, abort);
  return {
    signal: controller.signal,
    done: () => {
      for (const name of signals) process.off(name, abort);
    },
  };
}

/** Runs `work` with a signal that INT and TERM abort, and progress shown on a terminal. */
async function longJob<T>(
  context: CliContext,
  work: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Promise<T> {
  const { signal, done } = untilSignal();
  const { showProgress } = await import("../render/backup-progress.js");
  const shown = context.io.interactive ? showProgress(context.io) : null;
  try {
    return await work(signal, shown ?? noProgress);
  } catch (error) {
    if (signal.aborted && !(error instanceof SuperviseError)) throw interrupted();
    throw error;
  } finally {
    shown?.pause();
    done();
  }
}

async function create(context: CliContext, options: CreateOptions): Promise<void> {
  const toStdout = options.output === "-";
  if (toStdout && process.stdout.isTTY && options.dryRun !== true) {
    throw new SuperviseError("USAGE", {
      what: "the archive would be printed on the terminal",
      where: "--output -",
      remedy: "redirect standard output into a file or a pipe",
    });
  }
  await longJob(context, async (signal, progress) => {
    const { config } = await context.load();
    const log = await context.logger();
    const { createBackup, planBackup } = await import("../../backup/create.js");
    const { renderCreated, renderPlan } = await import("../render/backup.js");
    const request = {
      config,
      log,
      output: toStdout
        ? process.stdout
        : options.output === undefined
          ? null
          : resolve(options.output),
      dataOnly: options.dataOnly === true,
      engine: options.engine,
      signal,
      progress,
      now: () => new Date(),
    };
    if (options.dryRun === true) {
      const plan = await planBackup(request);
      if (options.json === true) printJson(context, plan);
      else context.io.stdout(renderPlan(plan));
      return;
    }
    const result = await createBackup(request);
    progress.pause();
    if (toStdout) context.io.stderr(renderCreated(result));
    else if (options.json === true) printJson(context, result);
    else context.io.stdout(renderCreated(result));
    if (config.backup.keep > 0 && options.output === undefined) {
      const { pruneBackups } = await import("../../backup/list.js");
      const { renderPruned } = await import("../render/backup.js");
      context.io.stderr(renderPruned(await pruneBackups(config, config.backup.keep), false));
    }
  });
}

function registerCreate(backup: Command, context: CliContext): void {
  backup
    .command("create")
    .description("back up the database and the uploads into one archive")
    .option(
      "--output <file>",
      "where to write it; - for standard output (default: backup-{project}-{time}.tar.gz)",
    )
    .option("--data-only", "leave the uploads out")
    .option("--dry-run", "show what would be backed up and change nothing")
    .addOption(
      new Option("--engine <engine>", "how the rows are read")
        .choices(["auto", "pg_dump", "copy"])
        .default("auto"),
    )
    .option("--json", "print one JSON document")
    .action((options: CreateOptions) => create(context, options));
}

interface RestoreOptions extends Printed {
  from: string;
  dryRun?: boolean;
  force?: boolean;
  yes?: boolean;
}

/**
 * On a terminal a person is always asked. Elsewhere nobody can answer: a restore that replaces nothing
 * goes ahead, any other needs --yes.
 */
async function confirmed(
  context: CliContext,
  options: RestoreOptions,
  plan: RestorePlan,
  signal: AbortSignal,
): Promise<boolean> {
  if (options.yes === true) return true;
  const { renderRestorePlan } = await import("../render/restore.js");
  if (context.io.interactive) {
    context.io.stderr(renderRestorePlan(plan));
    return ask("Restore? Type yes: ", signal);
  }
  if (plan.report.needsForce.length === 0) return true;
  throw new SuperviseError("USAGE", {
    what: "this restore replaces what is there, and without a terminal nobody can be asked",
    remedy: "add --yes",
  });
}

/** Ctrl+C, Ctrl+D and a signal all mean no. */
async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const { createInterface } = await import("node:readline/promises");
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await prompt.question(question, { signal })).trim().toLowerCase() === "yes";
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "AbortError") throw error;
    process.stderr.write("\n");
    return false;
  } finally {
    prompt.close();
  }
}

async function restore(context: CliContext, options: RestoreOptions): Promise<void> {
  await longJob(context, async (signal, progress) => {
    const { config } = await context.load();
    const log = await context.logger();
    const { planRestore, restoreBackup } = await import("../../backup/restore.js");
    const { findSupervisors } = await import("../../control/client.js");
    const render = await import("../render/restore.js");
    const request = {
      config,
      log,
      path: resolve(options.from),
      force: options.force === true,
      signal,
      progress,
      serving: async () => (await findSupervisors(config.root)).map(({ pid }) => pid),
      confirm: (plan: RestorePlan) => {
        progress.pause();
        return confirmed(context, options, plan, signal);
      },
    };
    if (options.dryRun === true) {
      const plan = await planRestore(request);
      if (options.json === true) printJson(context, render.restorePlanDocument(plan));
      else context.io.stdout(`${render.renderRestorePlan(plan)}nothing was changed\n`);
      return;
    }
    const result = await restoreBackup(request);
    progress.pause();
    if (options.json === true) printJson(context, render.restoredDocument(result));
    else context.io.stdout(render.renderRestored(result));
  });
}

function registerRestore(backup: Command, context: CliContext): void {
  backup
    .command("restore")
    .description("restore a backup into this project's database and uploads folder")
    .requiredOption("--from <file>", "the backup")
    .option("--dry-run", "check everything, show what would happen and change nothing")
    .option("--force", "replace rows and uploads that are there, and do so while serving")
    .option("--yes", "do not ask")
    .option("--json", "print one JSON document")
    .action((options: RestoreOptions) => restore(context, options));
}

function registerList(backup: Command, context: CliContext): void {
  backup
    .command("list")
    .description("list the project's backups, newest first")
    .option("--json", "print one JSON document")
    .action(async (options: Printed) => {
      const { config } = await context.load();
      const { listBackups } = await import("../../backup/list.js");
      const { listDocument, renderList } = await import("../render/backup.js");
      const backups = await listBackups(config);
      if (options.json === true) printJson(context, listDocument(backups));
      else context.io.stdout(renderList(backups, new Date()));
    });
}

function registerVerify(backup: Command, context: CliContext): void {
  backup
    .command("verify")
    .description("read a backup whole and check every checksum")
    .requiredOption("--from <file>", "the backup")
    .option("--json", "print one JSON document")
    .option("--deep", "also restore it into a scratch database and count the rows there")
    .action(async (options: Printed & { from: string; deep?: boolean }) => {
      const { renderVerified } = await import("../render/backup.js");
      const path = resolve(options.from);
      const info = await longJob(context, async (signal, progress) => {
        const { config } = await context.load();
        const log = await context.logger();
        const { verifyDeep } = await import("../../backup/deep-verify.js");
        const { verifyArchive } = await import("../../backup/verify.js");
        const { noteVerified } = await import("../../backup/verified.js");
        const found =
          options.deep === true
            ? await verifyDeep({ config, log, path, signal, progress })
            : await verifyArchive(path, progress, signal);
        await noteVerified(config.root, path, new Date());
        return found;
      });
      if (options.json === true) {
        printJson(context, { path, bytes: info.bytes, ok: true, metadata: info.metadata });
      } else context.io.stdout(renderVerified(info));
    });
}

function registerPrune(backup: Command, context: CliContext): void {
  backup
    .command("prune")
    .description("remove all but the newest good backups of the project")
    .requiredOption("--keep <n>", "how many to keep", wholeNumber)
    .option("--dry-run", "show what would be removed and change nothing")
    .option("--json", "print one JSON document")
    .action(async (options: Printed & { keep: number; dryRun?: boolean }) => {
      const { config } = await context.load();
      const { pruneBackups } = await import("../../backup/list.js");
      const { renderPruned } = await import("../render/backup.js");
      const dryRun = options.dryRun === true;
      const plan = await pruneBackups(config, options.keep, dryRun);
      if (options.json === true) {
        const paths = (list: readonly { path: string }[]): string[] => list.map((one) => one.path);
        printJson(context, {
          kept: paths(plan.keep),
          removed: paths(plan.remove),
          damaged: paths(plan.damaged),
          dry_run: dryRun,
        });
      } else context.io.stdout(renderPruned(plan, dryRun));
    });
}

export function registerBackup(program: Command, context: CliContext): void {
  const backup = program.command("backup").description("create, restore and look after backups");
  registerCreate(backup, context);
  registerRestore(backup, context);
  registerList(backup, context);
  registerVerify(backup, context);
  registerPrune(backup, context);
}
