/** `supervise deploy docker | kubernetes | systemd | heroku`. */
import { Argument, type Command } from "commander";
import pc from "picocolors";
import type { DeployResult } from "../../deploy/deploy.js";
import { TARGETS, type Target } from "../../deploy/targets.js";
import { SuperviseError } from "../../errors.js";
import { nearest } from "../../util/nearest.js";
import type { CliContext } from "../context.js";

interface DeployOptions {
  force?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

function targetFrom(given: string): Target {
  const target = TARGETS.find((name) => name === given.toLowerCase());
  if (target !== undefined) return target;
  const close = nearest(given.toLowerCase(), TARGETS);
  throw new SuperviseError("USAGE", {
    what: `there is no deployment target '${given}'${close === null ? "" : `, did you mean ${close}?`}`,
    remedy: `use one of ${TARGETS.join(", ")}`,
  });
}

function render(result: DeployResult, dryRun: boolean, colour: boolean): string {
  const paint = pc.createColors(colour);
  const marks = {
    created: paint.green("created    "),
    overwritten: paint.yellow("overwritten"),
    extended: paint.green("extended   "),
    kept: paint.dim("kept       "),
  };
  const lines = [
    ...result.files.map(({ path, action }) => `  ${marks[action]}  ${path}`),
    ...(result.notes.length === 0 ? [] : ["", ...result.notes.map((note) => `- ${note}`)]),
    ...(dryRun
      ? ["", "Nothing was written: --dry-run."]
      : ["", "Next:", ...result.next.map((command) => `  ${paint.bold(command)}`)]),
  ];
  return `${lines.join("\n")}\n`;
}

const texts = ({ files }: DeployResult): string =>
  files.map(({ path, text }) => `# ==> ${path} <==\n${text}\n`).join("");

export function registerDeploy(program: Command, context: CliContext): void {
  program
    .command("deploy")
    .description("write deployment files for a platform; existing files are kept")
    .addArgument(new Argument("<target>", TARGETS.join(", ")))
    .option("--force", "overwrite files that exist")
    .option("--dry-run", "print the files and change nothing")
    .option("--json", "print one JSON document")
    .action(async (given: string, options: DeployOptions) => {
      const target = targetFrom(given);
      const { loadForDeployment } = await import("../deployment-config.js");
      const { deployProject } = await import("../../deploy/deploy.js");
      const config = await loadForDeployment(context.globals());
      const dryRun = options.dryRun === true;
      const result = deployProject(config, target, { force: options.force === true, dryRun });
      if (options.json === true) {
        context.io.stdout(`${JSON.stringify({ ...result, dry_run: dryRun }, null, 2)}\n`);
        return;
      }
      if (dryRun) context.io.stdout(texts(result));
      const told = render(result, dryRun, context.io.colour);
      if (dryRun) context.io.stderr(told);
      else context.io.stdout(told);
    });
}
