/** The command line in this process: what it prints, and what it fails with. */
import type { ProgramContext } from "../../../src/cli/program.js";
import { runProgram } from "../../../src/cli/program.js";
import { createLogger } from "../../../src/log/sink.js";

export interface Ran {
  readonly stdout: string;
  readonly error: unknown;
}

const unused = () => Promise.reject(new Error("not in this test"));

export function contextFor(print: (text: string) => void): ProgramContext {
  return {
    io: { stdout: print, stderr: print, interactive: false, colour: false, columns: 80 },
    globals: () => ({ logLevel: "info", logFormat: "json" }),
    setGlobals: () => undefined,
    load: unused,
    logger: () =>
      Promise.resolve(createLogger({ format: "json", level: "fatal", stream: process.stderr })),
    exitWith: () => undefined,
  };
}

export async function run(...args: readonly string[]): Promise<Ran> {
  let stdout = "";
  try {
    await runProgram(
      contextFor((text) => (stdout += text)),
      ["node", "supervise", ...args],
    );
    return { stdout, error: null };
  } catch (error) {
    return { stdout, error };
  }
}
