/** Checks what the configuration points at: the pin, the entry. */
import { relative } from "node:path";
import type { ResolvedConfig } from "../../config/load.js";
import { verifyPin } from "../../pin/verify.js";
import { attempt, type Finding } from "./finding.js";

export async function checkProject({ config, settings }: ResolvedConfig): Promise<Finding[]> {
  return [
    await attempt("pin", async () => {
      const { installed, constraint, package: name } = await verifyPin(config, settings);
      const version = installed === null ? `${name} is not installed` : `${name} ${installed}`;
      return constraint === null ? `${version}, no pin` : `${version} satisfies ${constraint}`;
    }),
    await attempt("entry", async () => {
      const { findEntry } = await import("../../config/entry.js");
      const { checkEntry } = await import("../../primary/prepare.js");
      checkEntry(config);
      return relative(config.root, findEntry(config));
    }),
  ];
}
