/** `supervise config`: every effective setting, its value and where it came from. */
import type { Command } from "commander";
import type { ResolvedConfig, Setting } from "../../config/load.js";
import { SuperviseError } from "../../errors.js";
import type { CliContext } from "../context.js";
import { addServeFlags, readServeFlags, type ServeFlags } from "./serve-flags.js";

interface ConfigOptions extends ServeFlags {
  json?: boolean;
}

export function registerConfig(program: Command, context: CliContext): void {
  const command = program
    .command("config")
    .description("every effective setting, its value and where it came from; secrets masked")
    .argument("[key]", "one setting, such as pool.max: print its value alone")
    .option("--json", "print one JSON document");
  addServeFlags(command).action(async (key: string | undefined, options: ConfigOptions) => {
    const resolved = await context.load(readServeFlags(options));
    const { settingsDocument, settingDocument, renderSettings, renderValue } =
      await import("../render/settings.js");
    const json = options.json === true;
    if (key === undefined) {
      const document = settingsDocument(resolved);
      context.io.stdout(json ? printed(document) : renderSettings(resolved, context.io.colour));
      return;
    }
    const setting = await find(resolved, key);
    context.io.stdout(json ? printed(settingDocument(setting)) : `${renderValue(setting.value)}\n`);
  });
}

const printed = (document: unknown): string => `${JSON.stringify(document, null, 2)}\n`;

async function find({ settings }: ResolvedConfig, key: string): Promise<Setting> {
  const setting = settings.find((candidate) => candidate.key === key);
  if (setting !== undefined) return setting;
  const { nearest } = await import("../../config/suggest.js");
  const keys = settings.map((candidate) => candidate.key);
  const near = nearest(key, keys) ?? keys.find((candidate) => candidate.endsWith(`.${key}`));
  throw new SuperviseError("USAGE", {
    what: `there is no setting '${key}'`,
    remedy: near === undefined ? "supervise config lists all" : `did you mean '${near}'?`,
  });
}
