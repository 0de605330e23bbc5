/** What a project's folder holds already: its framework, its entry, who migrates its database. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFacts } from "../config/facts.js";
import { detectTool, type Tool } from "./tools.js";

export interface Entry {
  /** Relative to the project's folder. */
  readonly file: string;
  /** How it was found. */
  readonly from: string;
  /** A port number that is written into the file; null when there is none. */
  readonly fixedPort: number | null;
}

export interface Project {
  readonly name: string;
  readonly hasManifest: boolean;
  /** `.js` files are ES modules here. */
  readonly esm: boolean;
  /** For people, such as `Express`; null when none is known. */
  readonly framework: string | null;
  readonly usesPg: boolean;
  /** Null: there is no application yet. */
  readonly entry: Entry | null;
  /** schema.sql exists. */
  readonly hasSchema: boolean;
  /** Who migrates the database so far; null when nobody. */
  readonly tool: Tool | null;
}

const FRAMEWORKS: Readonly<Record<string, string>> = {
  express: "Express",
  fastify: "Fastify",
  hono: "Hono",
  koa: "Koa",
  "@nestjs/core": "NestJS",
};

/** Looked at when neither the manifest nor the usual names say what the application is. */
const FURTHER_ENTRIES = ["src/server", "src/app", "src/index", "src/main", "main"];
const EXTENSIONS = ["js", "mjs", "cjs", "ts", "mts", "cts"];

export interface Manifest {
  readonly type: string | null;
  readonly start: string | null;
  /** Names of dependencies of every kind. */
  readonly dependencies: ReadonlySet<string>;
}

export function detectProject(root: string): Project {
  const manifest = readManifest(root);
  const facts = readFacts(root);
  const framework = Object.keys(FRAMEWORKS).find((name) => manifest.dependencies.has(name));
  const found = entryOf(root, manifest);
  return {
    name: facts.projectName?.value ?? "app",
    hasManifest: existsSync(join(root, "package.json")),
    esm: manifest.type === "module",
    framework: framework === undefined ? null : (FRAMEWORKS[framework] ?? null),
    usesPg: manifest.dependencies.has("pg"),
    entry: found === null ? null : { ...found, fixedPort: fixedPortIn(root, found.file) },
    hasSchema: existsSync(join(root, "schema.sql")),
    tool: detectTool(root, manifest.dependencies),
  };
}

/** What `npm start` runs says more than a file's name. */
function entryOf(root: string, manifest: Manifest): Omit<Entry, "fixedPort"> | null {
  const started = /\bnode\s+(?:--?[\w-]+(?:=\S+)?\s+)*(\S+)/.exec(manifest.start ?? "")?.[1];
  if (started !== undefined) {
    const file = [started, ...EXTENSIONS.map((end) => `${started}.${end}`)].find((name) =>
      isFile(join(root, name)),
    );
    if (file !== undefined) {
      return { file: file.replace(/^\.\//, ""), from: "the start script of package.json" };
    }
  }
  const fact = readFacts(root).entry;
  if (fact !== null) return { file: fact.value.replace(/^\.\//, ""), from: fact.from };
  const further = FURTHER_ENTRIES.flatMap((base) => EXTENSIONS.map((end) => `${base}.${end}`)).find(
    (name) => isFile(join(root, name)),
  );
  return further === undefined ? null : { file: further, from: "found in the project's folder" };
}

/** `listen(3000` and `port: 3000`: the supervisor could not give such a server another port. */
function fixedPortIn(root: string, file: string): number | null {
  const text = readFileSync(join(root, file), "utf8");
  const port = /\.listen\(\s*(?:\{\s*port\s*:\s*)?(\d{2,5})\s*[,)}]/.exec(text)?.[1];
  return port === undefined ? null : Number(port);
}

function readManifest(root: string): Manifest {
  const fields = readJson(join(root, "package.json"));
  const scripts = object(fields["scripts"]);
  const kinds = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"];
  return {
    type: text(fields["type"]),
    start: text(scripts["start"]),
    dependencies: new Set(kinds.flatMap((kind) => Object.keys(object(fields[kind])))),
  };
}

const object = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** A broken manifest is npm's business; it says nothing here. */
function readJson(file: string): Readonly<Record<string, unknown>> {
  if (!isFile(file)) return {};
  try {
    return object(JSON.parse(readFileSync(file, "utf8").replace(/^\ufeff/, "")));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;
