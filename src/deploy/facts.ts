/** What the deployment files are made from: the project's configuration and what its folder says. */
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import semver from "semver";
import type { Config } from "../config/config.js";
import { detectProject } from "../init/detect.js";
import { procfile } from "../init/templates.js";
import type { DeployFacts, PackageManager } from "./model.js";

/** Long-term releases of Node.js, the preferred one first. */
const NODE_MAJORS = [24, 22, 26, 20];

/** Without `[control] port` probes need one; the platform's network is the only one that sees it. */
const CONTROL_PORT = 9_000;

const LOCK_FILES: readonly (readonly [file: string, manager: PackageManager])[] = [
  ["package-lock.json", "npm"],
  ["npm-shrinkwrap.json", "npm"],
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
];

/** What package managers read beside the manifest, where it is there. */
const BESIDE = [".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"];

/** `@acme/Shop_Two` becomes `acme-shop-two`: a DNS label that starts with a letter, short enough for suffixes. */
export function labelOf(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const label = plain.replace(/^-+/, "").slice(0, 40).replace(/-+$/, "");
  return /^[a-z]/.test(label) ? label : `app-${label}`.replace(/-$/, "");
}

interface Manifest {
  readonly build: boolean;
  readonly node: string | null;
  readonly framework: "production" | "development" | "missing";
}

const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** A broken manifest is npm's business. */
function readManifest(root: string, framework: string): Manifest {
  const file = join(root, "package.json");
  let fields: Readonly<Record<string, unknown>> = {};
  try {
    if (existsSync(file)) fields = object(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const node = object(fields["engines"])["node"];
  const has = (kind: string): boolean => Object.hasOwn(object(fields[kind]), framework);
  return {
    build: typeof object(fields["scripts"])["build"] === "string",
    node: typeof node === "string" ? node : null,
    framework: has("dependencies")
      ? "production"
      : has("devDependencies")
        ? "development"
        : "missing",
  };
}

/** The first of the releases that `engines.node` allows. */
function nodeMajor(range: string | null): number {
  const valid = range === null ? null : semver.validRange(range);
  const found =
    valid === null
      ? undefined
      : NODE_MAJORS.find((major) => semver.intersects(valid, `^${major}.19.0`));
  return found ?? NODE_MAJORS[0] ?? 24;
}

/** Relative to the project; a folder outside of it has no place in an image, `uploads` takes it. */
function insideOf(root: string, path: string): string {
  const inside = relative(root, resolve(root, path));
  return inside === "" || inside.startsWith("..") || isAbsolute(inside) ? "uploads" : inside;
}

/** Reads the folder; changes nothing. */
export function readDeployFacts(config: Config): DeployFacts {
  const { root, app, pool, supervisor, control, backup, migrate, database } = config;
  const manifest = readManifest(root, config.project.framework);
  const project = detectProject(root);
  const lock = LOCK_FILES.find(([file]) => existsSync(join(root, file)));
  return {
    project: config.project.name,
    label: labelOf(config.project.name),
    env: config.env,
    node: { major: nodeMajor(manifest.node), range: manifest.node },
    manager: lock?.[1] ?? "npm",
    lockFile: lock?.[0] ?? null,
    berry: existsSync(join(root, ".yarnrc.yml")),
    beside: BESIDE.filter((file) => existsSync(join(root, file))),
    build: manifest.build,
    framework: { name: config.project.framework, kind: manifest.framework },
    port: app.port,
    workers: app.workers,
    poolMax: pool.max,
    maxMemoryBytes: supervisor.maxMemoryBytes,
    drainMs: supervisor.drainTimeoutMs,
    shutdownDelayMs: supervisor.shutdownDelayMs,
    startMs: (migrate.onStart ? migrate.lockWaitMs : 0) + supervisor.bootTimeoutMs,
    controlPort: control.port === 0 ? CONTROL_PORT : control.port,
    revisions: existsSync(join(root, database.revisions)) ? database.revisions : null,
    otherTool: project.tool === null || project.tool.name === "dbmate" ? null : project.tool.name,
    uploads: insideOf(root, backup.uploads),
    hasUploads: existsSync(resolve(root, backup.uploads)),
    keep: backup.keep === 0 ? 14 : backup.keep,
    procfile: procfile(project),
  };
}
