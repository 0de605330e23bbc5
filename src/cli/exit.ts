/** The one place that ends the command-line process. */
import { toSuperviseError, type ExitStatus, type SuperviseError } from "../errors.js";
import { retoldRefusal } from "../postgres/refusal.js";

const failureOf = (thrown: unknown): SuperviseError => toSuperviseError(retoldRefusal(thrown));

/** The line, or with `debug` the line and the stack, that a failure prints on stderr. */
export function describeFailure(thrown: unknown, debug: boolean): string {
  const failure = failureOf(thrown);
  const details = failure.parts.details === undefined ? "" : `\n${failure.parts.details.trimEnd()}`;
  const origin = failure.cause instanceof Error ? failure.cause : failure;
  const stack = debug ? `\n${origin.stack ?? ""}` : "";
  return `supervise: ${failure.message}${details}${stack}\n`;
}

export function statusOf(thrown: unknown): ExitStatus {
  return failureOf(thrown).exitStatus;
}

/** Ends the process once stdout and stderr have taken what was written to them. */
export async function exit(status: ExitStatus): Promise<never> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.destroyed || stream.writableLength === 0) resolve();
          else stream.write("", () => resolve());
        }),
    ),
  );
  return endProcess(status);
}

const endProcess: (status: ExitStatus) => never = process.exit.bind(process);
