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

const EXAMPLE = 'write an npm range such as "~0.38" or ">=0.38 <0.40"';

const refuse = (why: string, remedy = EXAMPLE): Constraint => ({ ok: false, why, remedy });

/** Versions as npm and Python both write them: up to three numbers. */
const CLAUSE = /^(===|==|~=|!=|<=|>=|<|>|=)?\s*v?(\d+(?:\.\d+)*)(\.\*)?$/;

export function parseConstraint(written: string): Constraint {
  const text = written.trim();
  if (text === "") return refuse("is empty");
  if (isPython(text)) return fromPython(text);
  const range = semver.validRange(text);
  if (range === null) return refuse("is no npm version range");
  // validRange gives this for ranges that nothing can satisfy, such as ">2 <1".
  return isEmpty(text) ? refuse("allows no version at all") : { ok: true, range: text };
}

/** Whether `version` satisfies `range`, by npm's rule for pre-releases. */
export function satisfies(version: string, range: string): boolean {
  return semver.satisfies(version, range);
}

/** Operators that only Python has, or its comma. Commas mean nothing to npm. */
const isPython = (text: string): boolean => /,|~=|!=|==/.test(text);

function fromPython(text: string): Constraint {
  const parts: string[] = [];
  for (const clause of text.split(",").map((part) => part.trim())) {
    if (clause === "") return refuse("has an empty part between its commas");
    const translated = translate(clause);
    if (translated.ok) parts.push(translated.range);
    else return translated;
  }
  const range = parts.join(" ");
  if (semver.validRange(range) === null) return refuse("is no version range");
  return isEmpty(range) ? refuse("allows no version at all") : { ok: true, range };
}

function translate(clause: string): Constraint {
  const [, operator = "", digits, wildcard] = CLAUSE.exec(clause) ?? [];
  if (digits === undefined) return refuse(`has a part that is not understood: ${quote(clause)}`);
  const numbers = digits.split(".").map(Number);
  if (numbers.length > 3) {
    return refuse(`names a version of more than three numbers: ${quote(clause)}`);
  }
  const version = [...numbers, 0, 0].slice(0, 3).join(".");
  if (wildcard !== undefined && !["==", "="].includes(operator)) {
    return operator === "!="
      ? refuseNotEqual(clause)
      : refuse(`combines ${operator || "no operator"} with a wildcard: ${quote(clause)}`);
  }
  switch (operator) {
    case "~=": {
      if (numbers.length < 2) {
        return refuse(
          `has ~= with one number, which Python does not allow: ${quote(clause)}`,
          `write "^${numbers[0] ?? 0}"`,
        );
      }
      const upper = numbers.slice(0, -1);
      upper[upper.length - 1] = (upper.at(-1) ?? 0) + 1;
      return { ok: true, range: `>=${version} <${[...upper, 0, 0].slice(0, 3).join(".")}` };
    }
    case "==":
    case "=":
      return wildcard === undefined
        ? { ok: true, range: `=${version}` }
        : { ok: true, range: `${digits}.x` };
    case "===":
      return { ok: true, range: `=${version}` };
    case "!=":
      return refuseNotEqual(clause);
    case "":
      return refuse(`has a part without operator: ${quote(clause)}`);
    // Python pads with zeros where npm would take "<=0.38" for "any 0.38".
    default:
      return { ok: true, range: `${operator}${version}` };
  }
}

/** npm has no "not equal": the two sides of the hole have to be written. */
function refuseNotEqual(clause: string): Constraint {
  const [, , digits = "0", wildcard] = CLAUSE.exec(clause) ?? [];
  const numbers = digits.split(".").map(Number);
  const version = [...numbers, 0, 0].slice(0, 3).join(".");
  const next = [...numbers];
  next[next.length - 1] = (next.at(-1) ?? 0) + 1;
  const hole =
    wildcard === undefined
      ? `<${version} || >${version}`
      : `<${version} || >=${[...next, 0, 0].slice(0, 3).join(".")}`;
  return refuse(
    `uses ${quote(clause)}, which npm ranges do not have`,
    `write both sides in npm's spelling: "${hole}"`,
  );
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 60));

/** A range that contradicts itself, such as ">2 <1". */
function isEmpty(range: string): boolean {
  const parsed = new semver.Range(range);
  return parsed.set.every((comparators) => {
    const alone = comparators.map((comparator) => comparator.value).join(" ");
    const lowest = alone === "" ? semver.parse("0.0.0") : semver.minVersion(alone);
    return lowest === null || !semver.satisfies(lowest, alone, { includePrerelease: true });
  });
}
