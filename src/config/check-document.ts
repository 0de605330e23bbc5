/** What is wrong inside dazzle.toml, in every section and for every environment. Pure. */
import { isTable, type Document, type Table } from "./document.js";
import { describeValue } from "./kinds.js";
import { ALL_OPTIONS, OPTIONS, type AnyOption } from "./options.js";
import { ENVIRONMENTS } from "./profile.js";
import type { Problem } from "./problem.js";
import { nearest } from "./suggest.js";

const SECTION_NAMES = Object.keys(OPTIONS);

const keysOf = (section: string): string[] =>
  ALL_OPTIONS.filter((option) => option.key.startsWith(`${section}.`)).map((option) =>
    option.key.slice(section.length + 1),
  );

export function checkDocument(document: Document): Problem[] {
  const problems = checkSections(document, document.table, [], [...SECTION_NAMES, "env"]);
  const environments = document.table["env"];
  if (environments === undefined) return problems;
  if (!isTable(environments)) {
    return [
      ...problems,
      problemAt(document, ["env"], {
        what: `env must be a table, not ${describeValue(environments)}`,
        remedy: `write [env.production.app]; the environment of a run is set by --env or DAZZLE_ENV`,
      }),
    ];
  }
  for (const [name, table] of Object.entries(environments)) {
    const at = ["env", name];
    if (!ENVIRONMENTS.some((known) => known === name)) {
      problems.push(unknown(document, at, ENVIRONMENTS, "environment"));
    } else if (!isTable(table)) {
      problems.push(notTable(document, at, describeValue(table)));
    } else {
      problems.push(...checkSections(document, table, at, SECTION_NAMES));
    }
  }
  return problems;
}

function checkSections(
  document: Document,
  table: Table,
  prefix: readonly string[],
  known: readonly string[],
): Problem[] {
  return Object.entries(table).flatMap(([section, content]) => {
    const at = [...prefix, section];
    if (section === "env" && prefix.length === 0) return [];
    if (!known.includes(section)) {
      return [
        isTable(content)
          ? unknown(document, at, known, "section")
          : unknownKey(document, at, known),
      ];
    }
    if (!isTable(content)) return [notTable(document, at, describeValue(content))];
    return Object.entries(content).flatMap(([key, value]) => {
      const option = ALL_OPTIONS.find((candidate) => candidate.key === `${section}.${key}`);
      return option === undefined
        ? [unknownKey(document, [...at, key], keysOf(section))]
        : checkValue(document, [...at, key], option, value);
    });
  });
}

function checkValue(
  document: Document,
  at: readonly string[],
  option: AnyOption,
  value: unknown,
): Problem[] {
  const read = option.kind.fromToml(value);
  const [, env] = at[0] === "env" ? at : [];
  if (read.ok) {
    const never = option.neverIn?.find((name) => name === env);
    return never !== undefined && read.value === true
      ? [problemAt(document, at, neverIn(option, never))]
      : [];
  }
  const shown = option.secret === undefined ? describeValue(value) : "what is written there";
  return [
    problemAt(document, at, {
      key: option.key,
      what: `${at.join(".")} ${read.why ?? `must be ${option.kind.expected}, not ${shown}`}`,
      remedy: read.remedy ?? `write ${at.at(-1) ?? ""} = ${option.example}`,
    }),
  ];
}

/** What is said of a setting that a profile does not allow. */
export function neverIn(option: AnyOption, env: string): Pick<Problem, "what" | "remedy" | "key"> {
  return {
    key: option.key,
    what: `${option.key} cannot be turned on in ${env}`,
    remedy: `remove it there, or set it for one environment in [env.development.${option.key.split(".")[0] ?? ""}]`,
  };
}

function problemAt(
  document: Document,
  at: readonly string[],
  said: Pick<Problem, "what" | "remedy" | "key">,
): Problem {
  return { code: "CONFIG_INVALID", where: `${document.name}:${document.line(at)}`, ...said };
}

const notTable = (document: Document, at: readonly string[], found: string): Problem =>
  problemAt(document, at, {
    what: `${at.join(".")} must be a table, not ${found}`,
    remedy: `write [${at.join(".")}] once, on a line of its own, and its keys below`,
  });

function unknown(
  document: Document,
  at: readonly string[],
  known: readonly string[],
  noun: string,
): Problem {
  const written = at.at(-1) ?? "";
  const near = nearest(written, known);
  const prefix = at.slice(0, -1);
  return problemAt(document, at, {
    what: `unknown ${noun} [${at.map(shortened).join(".")}]`,
    remedy:
      near === null
        ? `the ${noun}s are ${known.join(", ")}`
        : `did you mean [${[...prefix, near].join(".")}]?`,
  });
}

function unknownKey(document: Document, at: readonly string[], known: readonly string[]): Problem {
  const written = at.at(-1) ?? "";
  const prefix = at.slice(0, -1);
  const environment = at[0] === "env" ? at.slice(0, 2) : [];
  const elsewhere = ALL_OPTIONS.map((option) => option.key);
  const near = nearest(written, prefix.length === environment.length ? [] : known);
  const inSection = near === null ? null : [...prefix.slice(environment.length), near].join(".");
  const found =
    // The very key in another section is more likely meant than a similar one here.
    elsewhere.find((key) => key.endsWith(`.${written}`)) ??
    inSection ??
    nearest(`${prefix.at(-1) ?? ""}.${written}`, elsewhere);
  const suggestion = found === null ? null : [...environment, found].join(".");
  return problemAt(document, at, {
    what: `unknown key ${at.map(shortened).join(".")}`,
    remedy:
      suggestion === null
        ? `the keys of [${prefix.join(".")}] are ${known.join(", ")}`
        : `did you mean ${suggestion}?`,
  });
}

/** A key of someone else's making, safe to print on one line. */
const shortened = (key: string): string =>
  /^[\w-]{1,60}$/.test(key) ? key : JSON.stringify(key.slice(0, 60));
