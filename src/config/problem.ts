/** What is wrong with the configuration, found all at once, reported as one line. */
import { SuperviseError, type ErrorCode } from "../errors.js";

export interface Problem {
  readonly code: Extract<ErrorCode, "USAGE" | "CONFIG_INVALID">;
  /** The setting whose value is wrong, so that no conclusion is drawn from another in its place. */
  readonly key?: string;
  readonly what: string;
  /** The file with line, the environment variable or the command line. */
  readonly where?: string | undefined;
  readonly remedy: string;
}

/** The first problem as an error; it says how many more there are and what lists them. */
export function toError(problems: readonly [Problem, ...Problem[]]): SuperviseError {
  const [first] = [...problems].sort((a, b) => rank(a) - rank(b));
  const problem = first ?? problems[0];
  const more = problems.length - 1;
  const rest =
    more === 0
      ? ""
      : ` (and ${more} more ${more === 1 ? "problem" : "problems"}: supervise validate lists all)`;
  return new SuperviseError(problem.code, {
    what: problem.what,
    ...(problem.where === undefined ? {} : { where: problem.where }),
    remedy: `${problem.remedy}${rest}`,
  });
}

/** What was typed just now comes before what is stored. */
const rank = (problem: Problem): number => (problem.code === "USAGE" ? 0 : 1);
