/** `supervise top`: a full-screen live view with keys. */
import type { Command } from "commander";
import { SuperviseError } from "../../errors.js";
import type { CliContext } from "../context.js";

export function registerTop(program: Command, context: CliContext): void {
  program
    .command("top")
    .description("full-screen live view of workers, pools and recent warnings")
    .option("--pid <pid>", "which supervisor, when several of this project run")
    .action(async (options: { pid?: string }) => {
      if (!process.stdout.isTTY || !process.stdin.isTTY) {
        throw new SuperviseError("USAGE", {
          what: "top needs a terminal",
          remedy: "use supervise status, or supervise status --json in scripts",
        });
      }
      const { locateProject } = await import("../../config/load.js");
      const { theSupervisor } = await import("../../control/client.js");
      const { runTop } = await import("../top.js");
      const root = locateProject(process.cwd(), context.globals().config);
      const pid = options.pid === undefined ? undefined : Number(options.pid);
      await runTop(await theSupervisor(root, pid), context.io);
    });
}
