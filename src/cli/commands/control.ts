/** The commands that speak to a running supervisor: status, reload, scale, stop. */
import { InvalidArgumentError, type Command } from "commander";
import { SuperviseError } from "../../errors.js";
import type { RunningSupervisor } from "../../control/client.js";
import { formatDuration } from "../../util/units.js";
import type { CliContext } from "../context.js";
import { counted } from "../../util/counted.js";

interface Target {
  pid?: number;
}

interface Printed extends Target {
  json?: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError("it must be a whole number of at least 1.");
}

const addressed = (command: Command): Command =>
  command
    .option("--pid <pid>", "which supervisor, when several of this project run", wholeNumber)
    .option("--json", "print one JSON document");

async function locate(context: CliContext, target: Target): Promise<RunningSupervisor> {
  const { locateProject } = await import("../../config/load.js");
  const { theSupervisor } = await import("../../control/client.js");
  const root = locateProject(process.cwd(), context.globals().config);
  return theSupervisor(root, target.pid);
}

const printJson = (context: CliContext, document: unknown): void =>
  context.io.stdout(`${JSON.stringify(document, null, 2)}\n`);

export function registerStatus(program: Command, context: CliContext): void {
  addressed(program.command("status").description("show the running supervisor of this project"))
    .option("--watch", "refresh in place until interrupted")
    .action(async (options: Printed & { watch?: boolean }) => {
      const { fetchStatus } = await import("../../control/client.js");
      const supervisor = await locate(context, options);
      if (options.json === true) {
        printJson(context, await fetchStatus(supervisor));
        return;
      }
      const { renderStatus } = await import("../render/status.js");
      const draw = async () => renderStatus(await fetchStatus(supervisor), context.io);
      if (options.watch !== true) context.io.stdout(await draw());
      else await (await import("../render/refresh.js")).refresh(context.io, draw);
    });
}

export function registerReload(program: Command, context: CliContext): void {
  addressed(program.command("reload").description("rolling restart; waits for its end"))
    .option("--parallel <k>", "replace this many workers at a time", wholeNumber)
    .action(async (options: Printed & { parallel?: number }) => {
      const { requestReload } = await import("../../control/client.js");
      const supervisor = await locate(context, options);
      const { parallel } = options;
      const result = await requestReload(supervisor, parallel === undefined ? {} : { parallel });
      if (options.json === true) printJson(context, result);
      if (result.outcome === "abandoned") {
        throw new SuperviseError("RELOAD_ABANDONED", {
          what: "the reload was abandoned, the workers that ran go on serving",
          remedy: result.reason ?? "see the supervisor's log for the reason",
        });
      }
      if (options.json !== true) {
        context.io.stdout(
          `reloaded: generation ${result.generation} serves after ${formatDuration(result.duration_ms)}\n`,
        );
      }
    });
}

export function registerScale(program: Command, context: CliContext): void {
  addressed(
    program.command("scale").description("more or fewer workers, without touching the others"),
  )
    .argument("<n>", "how many workers", wholeNumber)
    .action(async (workers: number, options: Printed) => {
      const { requestScale } = await import("../../control/client.js");
      const result = await requestScale(await locate(context, options), workers);
      if (options.json === true) printJson(context, result);
      else context.io.stdout(`scaled from ${result.from} to ${counted(result.to, "worker")}\n`);
    });
}

export function registerStop(program: Command, context: CliContext): void {
  addressed(program.command("stop").description("graceful stop; waits until it has ended")).action(
    async (options: Printed) => {
      const { requestStop } = await import("../../control/client.js");
      const supervisor = await locate(context, options);
      await requestStop(supervisor);
      if (options.json === true) printJson(context, { pid: supervisor.pid, stopped: true });
      else context.io.stdout(`stopped supervisor ${supervisor.pid}\n`);
    },
  );
}
