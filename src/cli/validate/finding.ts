/** What a check of `supervise validate` found. */
import { SuperviseError } from "../../errors.js";

export type Severity = "ok" | "warning" | "error";

export interface Finding {
  readonly severity: Severity;
  /** What was looked at: `configuration`, `pin`, `entry`, `schema`, `revisions`, `database`. */
  readonly check: string;
  readonly message: string;
  readonly where: string | null;
  readonly remedy: string | null;
  /** What a start would fail with; null unless the severity is `error`. */
  readonly error: SuperviseError | null;
}

export const passed = (check: string, message: string): Finding => ({
  severity: "ok",
  check,
  message,
  where: null,
  remedy: null,
  error: null,
});

/** A failure of the catalogue as a finding; anything else is not for a report and goes on. */
export function failed(check: string, error: unknown): Finding {
  if (!(error instanceof SuperviseError)) throw error;
  const { what, where = null, remedy } = error.parts;
  return { severity: "error", check, message: what, where, remedy, error };
}

/** The same finding where it keeps nothing from starting. */
export const asWarning = (finding: Finding, message = finding.message): Finding => ({
  ...finding,
  severity: "warning",
  error: null,
  message,
});

/** Runs a check that says what is well, or throws what is not. */
export async function attempt(
  check: string,
  run: () => Promise<string> | string,
): Promise<Finding> {
  try {
    return passed(check, await run());
  } catch (error) {
    return failed(check, error);
  }
}

/**
 * The worst of the errors, as the one line to end with; null when there is none. Higher exit
 * statuses of sysexits are nearer to the configuration, which the others follow from.
 */
export function worstError(findings: readonly Finding[]): SuperviseError | null {
  const errors = findings.flatMap(({ error }) => (error === null ? [] : [error]));
  const [worst] = errors.sort((a, b) => b.exitStatus - a.exitStatus);
  if (worst === undefined || errors.length === 1) return worst ?? null;
  const { what, where, remedy } = worst.parts;
  return new SuperviseError(worst.code, {
    what,
    ...(where === undefined ? {} : { where }),
    remedy: `${remedy} (and ${errors.length - 1} more in the report)`,
    cause: worst,
  });
}
