/**
 * The pin as written, understood: npm's ranges by `semver`, and the PEP 440 spellings that people
 * carry over from Python, translated to npm's. Pre-releases follow npm's rule: one satisfies a range
 * only when the range names a pre-release of the same major.minor.patch. Pure.
 */
import semver from "semver";

export type Constraint =
  | {
      readonly ok: true;
      /** The range in npm's spelling. */
      readonly range: string;
    }
  | {
      readonly ok: false;
      /** What is wrong, to be read after the pin. */
      readonly why: string;
      /** What to write instead. */
      readonly remedy: string;
    };

export function parseConstraint(written: string): Constraint {
  const text = npmPreReleases(written.trim());
  const translated = isPython(text) ? fromPython(text) : { ok: true as const, range: text };
  if (!translated.ok) return translated;
  const { range } = translated;
  if (text === "" || semver.validRange(range) === null) return refuse("is no npm version range");
  return semver.minVersion(range) === null ? refuse("allows no version at all") : translated;
}

/** Whether `version` satisfies `range`, by npm's rule for pre-releases. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range);
}

function refuse(why: string, remedy?: string): Constraint {
  return {
    ok: false,
    why,
    remedy: remedy ?? 'write an npm range such as "~0.38" or ">=0.38 <0.40"',
  };
}

const STAGES: Readonly<Record<string, string>> = {
  a: "alpha",
  alpha: "alpha",
  b: "beta",
  beta: "beta",
  c: "rc",
  rc: "rc",
};

/** Python's `0.38.0rc1` as npm writes it, `0.38.0-rc.1`. */
function npmPreReleases(text: string): string {
  return text.replace(
    /(?<![\w.-])(v?)(\d+(?:\.\d+){0,2})\.?(alpha|beta|rc|a|b|c)\.?(\d+)(?![\w.])/g,
    (_all, prefix: string, digits: string, stage: string, number: string) =>
      `${prefix}${padded(digits.split(".").map(Number))}-${STAGES[stage] ?? stage}.${number}`,
  );
}

/** Operators that only Python has, or its comma, which means nothing to npm. */
const isPython = (text: string): boolean => /,|~=|!=|==/.test(text);

/** What must hold, and the versions cut out by `!=`. */
interface Clauses {
  readonly bounds: string[];
  readonly holes: Hole[];
}

interface Hole {
  /** The first version that is cut out. */
  readonly from: string;
  /** A bound that begins behind the last one. */
  readonly after: string;
}

function fromPython(text: string): Constraint {
  const clauses: Clauses = { bounds: [], holes: [] };
  for (const clause of text.split(",").map((part) => part.trim())) {
    const wrong = readClause(clause, clauses);
    if (wrong !== null) return wrong;
  }
  // npm has no "not equal": each side of a hole is an alternative of its own.
  const holes = clauses.holes.sort((a, b) => semver.compare(a.from, b.from));
  const sides = [...holes.map(({ from }) => `<${from}`), ""].map((upper, at) =>
    [...clauses.bounds, holes[at - 1]?.after ?? "", upper].filter(Boolean).join(" "),
  );
  const range = sides
    .filter((side) => side !== "" && semver.minVersion(side) !== null)
    .join(" || ");
  return range === "" ? refuse("allows no version at all") : { ok: true, range };
}

/** An operator, up to three numbers, a wildcard or a pre-release: what npm and Python have in common. */
const CLAUSE = /^(===|==|~=|!=|<=|>=|<|>)\s*v?(\d+(?:\.\d+)*)(\.\*|-[a-z]+\.\d+)?$/;

function readClause(clause: string, { bounds, holes }: Clauses): Constraint | null {
  const quoted = JSON.stringify(clause.slice(0, 60));
  const [, operator = "", digits = "", ending = ""] = CLAUSE.exec(clause) ?? [];
  const wildcard = ending === ".*";
  const numbers = digits.split(".").map(Number);
  if (operator === "") {
    return refuse(
      clause === ""
        ? "has an empty part between its commas"
        : `has a part that npm has no spelling for, ${quoted}`,
    );
  }
  if (numbers.length > 3) {
    return refuse(`has more than three numbers in ${quoted}, and npm versions have three`);
  }
  if (wildcard && !["==", "!="].includes(operator)) {
    return refuse(`has a wildcard behind ${operator} in ${quoted}, which has no meaning`);
  }
  // Python pads with zeros, where npm would read "<=0.38" as "any 0.38".
  const version = padded(numbers) + (wildcard ? "" : ending);
  const end = padded(increased(numbers));
  if (operator === "~=") {
    if (numbers.length === 1) {
      return refuse(`has ~= with a single number in ${quoted}`, `write "^${numbers[0] ?? 0}"`);
    }
    bounds.push(`>=${version}`, `<${padded(increased(numbers.slice(0, -1)))}`);
  } else if (operator === "!=") {
    holes.push({ from: version, after: wildcard ? `>=${end}` : `>${version}` });
  } else if (wildcard) {
    bounds.push(`>=${version}`, `<${end}`);
  } else {
    bounds.push(`${operator.startsWith("==") ? "=" : operator}${version}`);
  }
  return null;
}

const padded = (numbers: readonly number[]): string => [...numbers, 0, 0].slice(0, 3).join(".");

/** The last number plus one. */
const increased = (numbers: readonly number[]): number[] =>
  numbers.map((number, at) => (at === numbers.length - 1 ? number + 1 : number));
