/**
 * The layers, and the value and origin of every setting: command line, environment variable,
 * `.env`, `[env.NAME.*]`, base section, profile, default. Every layer is checked, also where a
 * higher one wins. Problems are collected, not thrown; with any, the configuration is not to be used.
 */
import { checkCombinations } from "./combinations.js";
import { checkDocument } from "./check-document.js";
import type { Config } from "./config.js";
import { effective, type Fact, type Sources } from "./layers.js";
import { ALL_OPTIONS, OPTIONS } from "./options.js";
import type { Option } from "./options/option.js";
import type { Problem } from "./problem.js";
import type { Setting } from "./setting.js";
import { maskDatabaseUrl } from "./texts.js";

export interface Resolution {
  readonly config: Config;
  readonly settings: readonly Setting[];
  readonly problems: readonly Problem[];
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
  if (sources.whole) {
    problems.push(...checkCombinations(config, settings, problems, sources.nodeVersion));
  }
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

function shown<T>(option: Option<T>, value: T): unknown {
  if (value === null) return null;
  const spelled = option.kind.show(value);
  if (option.secret === "whole") return "***";
  return option.secret === "url" && typeof spelled === "string"
    ? maskDatabaseUrl(spelled)
    : spelled;
}
