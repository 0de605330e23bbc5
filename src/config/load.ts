/** Finds and reads dazzle.toml and `.env`, and resolves the configuration from all layers. */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve as resolvePath } from "node:path";
import { SuperviseError } from "../errors.js";
import type { Config } from "./config.js";
import type { Document } from "./document.js";
import { checkDotenv, parseDotenv, type Dotenv } from "./dotenv.js";
import { isFile, kindOf } from "./files.js";
import { readFacts } from "./facts.js";
import type { ConfigFlags } from "./flags.js";
import { parseDocument } from "./parse-document.js";
import { selectProfile } from "./profile.js";
import { toError, type Problem } from "./problem.js";
import { resolve } from "./resolve.js";
import type { Setting } from "./setting.js";

export type { ConfigFlags } from "./flags.js";
export type { Setting } from "./setting.js";

export interface ConfigInput {
  /** The working directory. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly flags: ConfigFlags;
}

export interface ResolvedConfig {
  readonly config: Config;
  /** Every setting with its origin, secrets masked, in the order of the documentation. */
  readonly settings: readonly Setting[];
  /** The variables of `.env` that the real environment does not have: workers get them too. */
  readonly dotenv: Readonly<Record<string, string>>;
}

/** `problems` empty: `resolved` is whole. */
export interface Inspection {
  /** Null when the problems kept the configuration from being worked out. */
  readonly resolved: ResolvedConfig | null;
  readonly problems: readonly Problem[];
}

/**
 * The effective configuration.
 * @throws SuperviseError USAGE (64) for a bad flag, INPUT_NOT_FOUND (66) for a missing `--config`
 * file, CONFIG_INVALID (78) for anything wrong in another layer. One line, however many problems.
 */
export function loadConfig(input: ConfigInput): Promise<ResolvedConfig> {
  return Promise.resolve().then(() => loadConfigSync(input));
}

/** The same for a module that must not await: one that may be loaded by `require`. */
export function loadConfigSync(input: ConfigInput): ResolvedConfig {
  const { resolved, problems } = inspect(input);
  const [first, ...others] = problems;
  if (first !== undefined) throw toError([first, ...others]);
  if (resolved === null) throw new TypeError("a configuration without problems was not resolved");
  return resolved;
}

/** The configuration with all that is wrong with it. Throws only INPUT_NOT_FOUND. */
export function inspectConfig(input: ConfigInput): Promise<Inspection> {
  return Promise.resolve().then(() => inspect(input));
}

function inspect({ cwd, env, flags }: ConfigInput): Inspection {
  const selected = selectProfile(flags, env["DAZZLE_ENV"]);
  const file = findFile(cwd, flags.config);
  const root = file === null ? cwd : dirname(file);
  const problems = [...selected.problems];
  const document = file === null ? null : readDocument(file, nameFrom(cwd, file), problems);
  const stuck = problems.length > 0;
  const { profile } = selected;
  const dotenv = stuck || profile.env !== "development" ? null : readDotenv(cwd, root, problems);
  if (dotenv !== null) problems.push(...checkDotenv(dotenv, profile));
  const resolution = resolve({
    profile,
    flags: { ...flags, entry: entryFrom(cwd, root, flags.entry) },
    variables: env,
    dotenv,
    document,
    file,
    root,
    facts: readFacts(root),
    nodeVersion: process.versions.node,
    whole: !stuck,
  });
  problems.push(...resolution.problems);
  const { config, settings } = resolution;
  const resolved = stuck ? null : { config, settings, dotenv: additions(dotenv, env) };
  return { resolved, problems };
}

/**
 * The project's folder, without judging what its dazzle.toml says: commands to a running supervisor
 * must reach it also while the file is being edited. Throws INPUT_NOT_FOUND for a missing `--config`.
 */
export function locateProject(cwd: string, named?: string): string {
  const file = findFile(cwd, named);
  return file === null ? cwd : dirname(file);
}

/** The file as people read it: relative when it lies below the working directory. */
function nameFrom(cwd: string, file: string): string {
  const path = relative(cwd, file);
  return path.startsWith("..") ? file : path;
}

/** On the command line a path is relative to where it was typed. */
function entryFrom(cwd: string, root: string, entry: string | undefined): string | undefined {
  return entry === undefined || entry === ""
    ? entry
    : relative(root, resolvePath(cwd, entry)) || ".";
}

function findFile(cwd: string, named: string | undefined): string | null {
  if (named !== undefined) return namedFile(resolvePath(cwd, named), named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, "dazzle.toml");
    if (isFile(file)) return file;
    if (dirname(folder) === folder) return null;
  }
}

function namedFile(file: string, written: string): string {
  const found = kindOf(file);
  if (found === "file") return file;
  throw new SuperviseError("INPUT_NOT_FOUND", {
    what: `--config ${written} ${found === null ? "does not exist" : "is a folder"}`,
    remedy: "name a dazzle.toml, or leave out --config to search upward from the working directory",
  });
}

function readDocument(file: string, name: string, problems: Problem[]): Document | null {
  const text = readText(file, name, problems);
  if (text === null) return null;
  const { document, problem } = parseDocument(text, name);
  if (problem !== null) problems.push(problem);
  return document;
}

function readDotenv(cwd: string, root: string, problems: Problem[]): Dotenv | null {
  const file = join(root, ".env");
  // Some tools keep a folder of this name.
  if (!isFile(file)) return null;
  const name = nameFrom(cwd, file);
  const text = readText(file, name, problems);
  return text === null ? null : parseDotenv(text, name);
}

function readText(file: string, name: string, problems: Problem[]): string | null {
  const report = (what: string, remedy: string): null => {
    problems.push({ code: "CONFIG_INVALID", what, where: name, remedy });
    return null;
  };
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return error.code === "ERR_ENCODING_INVALID_ENCODED_DATA"
      ? report("not a UTF-8 text", "save the file as UTF-8")
      : report(`cannot be read: ${String(error.code)}`, "give this user permission to read it");
  }
}

function additions(dotenv: Dotenv | null, env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(dotenv?.values ?? {}).flatMap(([name, { value }]) =>
      env[name] === undefined ? [[name, value] as const] : [],
    ),
  );
}
