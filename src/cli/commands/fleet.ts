/** `supervise fleet`: every supervisor that shares this database, on whatever machine. */
import type { Command } from "commander";
import type { CliContext } from "../context.js";
import { untilSignal } from "../until-signal.js";

export function registerFleet(program: Command, context: CliContext): void {
  program
    .command("fleet")
    .description("every supervisor that shares this database, on any machine")
    .option("--json", "print one JSON document")
    .action((flags: { json?: boolean }) => untilSignal((signal) => fleet(context, flags, signal)));
}

async function fleet(
  context: CliContext,
  flags: { json?: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { config } = await context.load();
  const log = await context.logger();
  const { withSession } = await import("../../migration/open.js");
  const { fleetReport } = await import("../../fleet/report.js");
  const report = await withSession(config, log, signal, fleetReport);
  if (flags.json === true) {
    context.io.stdout(`${JSON.stringify(report, null, 2)}\n`);
    return;
  }
  const { renderFleet } = await import("../render/fleet.js");
  context.io.stdout(renderFleet(report));
}
