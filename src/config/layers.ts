/** Where a setting's value may stand, from the highest layer to the lowest, and what is wrong there. */
import type { Environment } from "./config.js";
import { valueAt, type Document } from "./document.js";
import type { Dotenv } from "./dotenv.js";
import type { ConfigFlags } from "./flags.js";
import { describeValue, type Refusal } from "./kinds.js";
import { OPTIONS, type AnyOption } from "./options.js";
import { isByProfile, type Option } from "./options/option.js";
import type { Origin } from "./origin.js";
import type { Problem } from "./problem.js";
import type { Profile } from "./profile.js";

export interface Sources {
  readonly profile: Profile;
  readonly flags: ConfigFlags;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly dotenv: Dotenv | null;
  readonly document: Document | null;
  /** The dazzle.toml, absolute. */
  readonly file: string | null;
  readonly root: string;
  readonly facts: Facts;
  /** Of the Node that this runs on, such as `20.19.0`. */
  readonly nodeVersion: string;
  /** False when a layer could not be read: then nothing is concluded from the others together. */
  readonly whole: boolean;
}

/** Defaults that are worked out from the project's folder; null where there is nothing to go by. */
export interface Facts {
  readonly projectName: Fact<string> | null;
  readonly entry: Fact<string> | null;
  readonly schema: Fact<readonly string[]> | null;
}

export interface Fact<T> {
  readonly value: T;
  /** What it was derived from, such as `package.json`. */
  readonly from: string;
}

interface Found<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** The highest layer that has the setting; what is wrong in any layer goes to `problems`. */
export function effective<T>(
  option: Option<T>,
  sources: Sources,
  fact: Fact<T> | null,
  problems: Problem[],
): Found<T> {
  const layers = [
    fromFlag(option, sources.flags, problems),
    fromLocal(option, sources),
    fromVariable(option, sources, problems),
    fromFile(option, sources, ["env", sources.profile.env]),
    fromFile(option, sources, []),
  ];
  return layers.find((found) => found !== null) ?? fallback(option, sources.profile.env, fact);
}

function fallback<T>(option: Option<T>, env: Environment, fact: Fact<T> | null): Found<T> {
  if (fact !== null) return { value: fact.value, origin: { layer: "default", from: fact.from } };
  return isByProfile(option.default)
    ? { value: option.default.profile[env], origin: { layer: "profile", env } }
    : { value: option.default, origin: { layer: "default", from: null } };
}

function fromFlag<T>(option: Option<T>, flags: ConfigFlags, problems: Problem[]): Found<T> | null {
  const written = option.flag?.read(flags);
  if (option.flag === undefined || written === undefined) return null;
  const name = written === false ? option.flag.name.replace("--", "--no-") : option.flag.name;
  const read =
    typeof written === "boolean" ? option.kind.fromToml(written) : option.kind.fromText(written);
  if (read.ok) return { value: read.value, origin: { layer: "flag", flag: name } };
  problems.push({
    code: "USAGE",
    key: option.key,
    what: refusal(name, option, read, String(written)),
    where: "command line",
    remedy: read.remedy ?? `use ${name} ${option.example.replaceAll('"', "")}`,
  });
  return null;
}

/** `--local` is development on loopback, and away from the database that dazzle.toml names. */
function fromLocal<T>(option: Option<T>, { flags, ...sources }: Sources): Found<T> | null {
  if (flags.local !== true) return null;
  const origin: Origin = { layer: "flag", flag: "--local" };
  const set = (written: string): Found<T> | null => {
    const read = option.kind.fromText(written);
    return read.ok ? { value: read.value, origin } : null;
  };
  if (option.key === OPTIONS.app.host.key) return set("127.0.0.1");
  const url = OPTIONS.database.url.variable ?? "";
  if (sources.variables[url] !== undefined || sources.dotenv?.values[url] !== undefined)
    return null;
  if (option.key === OPTIONS.database.embedded.key) return set("true");
  const unset = [OPTIONS.database.url.key, OPTIONS.database.directUrl.key].includes(option.key);
  return unset && !isByProfile(option.default) ? { value: option.default, origin } : null;
}

function fromVariable<T>(
  option: Option<T>,
  { variables, dotenv }: Sources,
  problems: Problem[],
): Found<T> | null {
  const { variable } = option;
  if (variable === undefined) return null;
  const stored = dotenv?.values[variable];
  const places: { written: string | undefined; where: string; origin: Origin }[] = [
    {
      written: variables[variable],
      where: `environment variable of ${option.key}`,
      origin: { layer: "variable", variable },
    },
  ];
  if (dotenv !== null && stored !== undefined) {
    const { value, line } = stored;
    places.push({
      written: value,
      where: `${dotenv.name}:${line}`,
      origin: { layer: "dotenv", variable, file: dotenv.name, line },
    });
  }
  const found = places.map(({ written, where, origin }): Found<T> | null => {
    if (written === undefined) return null;
    const read: ReturnType<typeof option.kind.fromText> =
      written === ""
        ? {
            ok: false,
            why: "is empty",
            remedy: `give it a value such as ${variable}=${option.example.replaceAll('"', "")}, or unset it`,
          }
        : option.kind.fromText(written);
    if (read.ok) return { value: read.value, origin };
    problems.push({
      code: "CONFIG_INVALID",
      key: option.key,
      what: refusal(variable, option, read, written),
      where,
      remedy:
        read.remedy ??
        `set it to a value such as ${option.example.replaceAll('"', "")}, or unset it`,
    });
    return null;
  });
  return found.find((candidate) => candidate !== null) ?? null;
}

/** Nothing is reported here: checkDocument has looked at the whole file. */
function fromFile<T>(
  option: Option<T>,
  { document }: Sources,
  prefix: readonly string[],
): Found<T> | null {
  const path = [...prefix, ...option.key.split(".")];
  const written = document === null ? undefined : valueAt(document.table, path);
  if (document === null || written === undefined) return null;
  const read = option.kind.fromToml(written);
  if (!read.ok) return null;
  return {
    value: read.value,
    origin: {
      layer: "file",
      section: `[${path.slice(0, -1).join(".")}]`,
      file: document.name,
      line: document.line(path),
    },
  };
}

function refusal(
  name: string,
  { kind, secret }: AnyOption,
  read: Refusal,
  written: string,
): string {
  const found = secret === undefined ? describeValue(written) : "what it holds";
  return `${name} ${read.why ?? `must be ${kind.expected}, not ${found}`}`;
}
