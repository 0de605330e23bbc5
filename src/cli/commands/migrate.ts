/** `supervise migrate`: applies what is safe, or shows the plan. */
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { EXIT } from "../../errors.js";
import { untilSignal } from "../until-signal.js";

interface MigrateFlags {
  dryRun?: boolean;
  json?: boolean;
  detailedExitcode?: boolean;
}

export function registerMigrate(program: Command, context: CliContext): void {
  program
    .command("migrate")
    .description("apply the safe part of the difference between schema.sql and the database")
    .option("--dry-run", "print the plan and change nothing")
    .option("--detailed-exitcode", "exit 2 when a change, safe or unsafe, is outstanding")
    .option("--json", "print one JSON document")
    .action((flags: MigrateFlags) => untilSignal((signal) => migrate(context, flags, signal)));
}

async function migrate(
  context: CliContext,
  flags: MigrateFlags,
  signal: AbortSignal,
): Promise<void> {
  const { config } = await context.load();
  const log = await context.logger();
  const { applyMigration, planMigration } = await import("../../migration/migrate.js");
  const { withLock, withSession } = await import("../../migration/open.js");
  const plan = await withSession(config, log, signal, async (session) => {
    if (flags.dryRun === true) return planMigration(session, config, log);
    const outcome = await withLock(session, config, log, signal, () =>
      applyMigration(session, config, log, { signal }),
    );
    if (flags.json === true) {
      context.io.stdout(`${JSON.stringify(outcome, null, 2)}\n`);
    } else {
      const { renderOutcome } = await import("../render/plan.js");
      context.io.stdout(renderOutcome(outcome, context.io));
    }
    return { up_to_date: outcome.unsafe.length === 0 };
  });
  if ("database" in plan) {
    if (flags.json === true) context.io.stdout(`${JSON.stringify(plan, null, 2)}\n`);
    else {
      const { renderPlan } = await import("../render/plan.js");
      context.io.stdout(renderPlan(plan, context.io));
    }
  }
  if (flags.detailedExitcode === true && !plan.up_to_date) context.exitWith(EXIT.differences);
}
