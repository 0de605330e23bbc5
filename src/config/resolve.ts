/**
 * The layers, and the value and origin of every setting: command line, environment variable,
 * `.env`, `[env.NAME.*]`, base section, profile, default. Every layer is checked, also where a
 * higher one wins. Problems are collected, not thrown; with any, the configuration is not to be used.
 */
import type { Config, Environment } from "./config.js";
import { checkCombinations } from "./combinations.js";
import { checkDocument } from "./check-document.js";
import { valueAt, type Document } from "./document.js";
import type { Dotenv } from "./dotenv.js";
import type { ConfigFlags } from "./flags.js";
import { describeValue, type Refusal } from "./kinds.js";
import { ALL_OPTIONS, isByProfile, OPTIONS, type AnyOption, type Option } from "./options.js";
import type { Origin } from "./origin.js";
import type { Problem } from "./problem.js";
import type { Profile } from "./profile.js";
import { maskDatabaseUrl } from "./texts.js";

/** A setting for people: its value as dazzle.toml spells it, secrets masked, null when unset. */
export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
  /** The value is, or holds, a secret and is masked here. */
  readonly secret: boolean;
}

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

export interface Resolution {
  readonly config: Config;
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
}

interface Found<T> {
  readonly value: T;
  readonly origin: Origin;
}

export function resolve(sources: Sources): Resolution {
  const problems: Problem[] = sources.document === null ? [] : checkDocument(sources.document);
  const settings: Setting[] = [
    { key: "env", value: sources.profile.env, origin: sources.profile.origin, secret: false },
  ];
  const take = <T>(option: Option<T>, fact: Fact<T> | null = null): T => {
    const found = effective(option, sources, fact, problems);
    settings.push({
      key: option.key,
      value: shown(option, found.value),
      origin: found.origin,
      secret: option.secret !== undefined,
    });
    return found.value;
  };
  const config = buildConfig(sources, take);
  const place = new Map(ALL_OPTIONS.map(({ key }, at) => [key, at]));
  settings.sort((a, b) => (place.get(a.key) ?? -1) - (place.get(b.key) ?? -1));
  if (sources.whole) problems.push(...checkCombinations(config, settings, problems));
  return { config, settings, problems };
}

type Take = <T>(option: Option<T>, fact?: Fact<T> | null) => T;

function buildConfig({ profile, file, root, facts }: Sources, take: Take): Config {
  const { project, app, database, pool, migrate, supervisor, control, backup } = OPTIONS;
  const config = {
    env: profile.env,
    file,
    root,
    project: {
      name: take(project.name, facts.projectName),
      frameworkVersion: take(project.frameworkVersion),
      framework: take(project.framework),
    },
    app: {
      entry: take(app.entry, facts.entry),
      workers: take(app.workers),
      host: take(app.host),
      port: take(app.port),
    },
    features: {
      watch: take(app.watch),
      testEndpoints: take(app.testEndpoints),
      embeddedPostgres: take(database.embedded),
      pendingRevisions: take(migrate.pendingRevisions),
      devControlPlane: take(control.dev),
    },
    database: {
      url: take(database.url),
      directUrl: take(database.directUrl),
      namespace: take(database.namespace),
      schema: take(database.schema, facts.schema),
      revisions: take(database.revisions),
    },
    pool: {
      min: take(pool.min),
      max: take(pool.max),
      acquireTimeoutMs: take(pool.acquireTimeout),
      warnWaitMs: take(pool.warnWait),
      leakAfterMs: take(pool.leakAfter),
      maxLifetimeMs: take(pool.maxLifetime),
      idleTimeoutMs: take(pool.idleTimeout),
      overcommit: take(pool.overcommit),
    },
    migrate: {
      onStart: take(migrate.onStart),
      lockWaitMs: take(migrate.lockWait),
      lockTimeoutMs: take(migrate.lockTimeout),
      onUnsafe: take(migrate.onUnsafe),
    },
    supervisor: {
      bootTimeoutMs: take(supervisor.bootTimeout),
      drainTimeoutMs: take(supervisor.drainTimeout),
      hangTimeoutMs: take(supervisor.hangTimeout),
      maxMemoryBytes: take(supervisor.maxMemory),
      maxRestarts: take(supervisor.maxRestarts),
      restartWindowMs: take(supervisor.restartWindow),
      shutdownDelayMs: take(supervisor.shutdownDelay),
      distribution: take(supervisor.distribution),
      spare: take(supervisor.spare),
    },
    control: {
      port: take(control.port),
      host: take(control.host),
      token: take(control.token),
    },
    backup: {
      dir: take(backup.dir),
      uploads: take(backup.uploads),
      keep: take(backup.keep),
    },
  };
  return config;
}

/** The highest layer that has the setting; what is wrong in any layer goes to `problems`. */
function effective<T>(
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

function shown<T>(option: Option<T>, value: T): unknown {
  if (value === null) return null;
  const spelled = option.kind.show(value);
  if (option.secret === "whole") return "***";
  return option.secret === "url" && typeof spelled === "string"
    ? maskDatabaseUrl(spelled)
    : spelled;
}
