/** `supervise validate`: all that a start would refuse, found without starting. */
import type { Command } from "commander";
import type { ConfigFlags } from "../../config/load.js";
import type { CliContext } from "../context.js";
import { untilSignal } from "../until-signal.js";
import { addServeFlags, readServeFlags, type ServeFlags } from "./serve-flags.js";

interface ValidateOptions extends ServeFlags {
  json?: boolean;
  database?: boolean;
}

export function registerValidate(program: Command, context: CliContext): void {
  const command = program
    .command("validate")
    .description("check dazzle.toml, the framework pin, schema files, revisions and the entry")
    .argument("[entry]", "the application, as for serve")
    .option("--database", "check against the database too")
    .option("--json", "print one JSON document");
  addServeFlags(command).action(async (entry: string | undefined, options: ValidateOptions) => {
    const { config, env } = context.globals();
    const flags = { ...readServeFlags(options, entry), config, env };
    await untilSignal((signal) => validate(flags, options, context, signal));
  });
}

async function validate(
  flags: ConfigFlags,
  { json, database }: ValidateOptions,
  context: CliContext,
  signal: AbortSignal,
): Promise<void> {
  const { checkConfiguration } = await import("../validate/configuration.js");
  const { checkProject } = await import("../validate/project.js");
  const { worstError } = await import("../validate/finding.js");
  const input = { cwd: process.cwd(), env: process.env, flags };
  const { findings, inspection } = await checkConfiguration(input);
  const { resolved, problems } = inspection;
  if (resolved !== null && problems.length === 0) {
    findings.push(...(await checkProject(resolved)));
    const { checkFiles } = await import("../validate/files.js");
    findings.push(...(await checkFiles(resolved.config)));
    if (database === true) {
      const { checkDatabase } = await import("../validate/database.js");
      findings.push(...(await checkDatabase(resolved.config, await context.logger(), signal)));
    }
  }
  const { renderFindings, findingsDocument } = await import("../render/findings.js");
  context.io.stdout(
    json === true
      ? `${JSON.stringify(findingsDocument(findings), null, 2)}\n`
      : renderFindings(findings, context.io.colour),
  );
  const worst = worstError(findings);
  if (worst !== null) throw worst;
}
