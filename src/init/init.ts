/**
 * `supervise init`: what a project lacks to be supervised, written around what it has. The
 * application's own code is never changed.
 */
import { basename } from "node:path";
import { productVersion } from "../config/version.js";
import { detectProject, type Project } from "./detect.js";
import {
  dazzleToml,
  ENV_EXAMPLE,
  GITIGNORE,
  manifestOf,
  procfile,
  SCHEMA_SQL,
  starterApp,
} from "./templates.js";
import { addLines, writeFile, type Written } from "./write.js";

export interface InitOptions {
  /** Overwrite files that exist. The application, package.json and .gitignore never are. */
  readonly force: boolean;
  /** The text of schema.sql, from a live database; null: none was asked for. */
  readonly schema: string | null;
}

export interface InitResult {
  readonly framework: string | null;
  readonly entry: string;
  /** The entry was there before. */
  readonly found: string | null;
  readonly migrations: { readonly tool: string; readonly folder: string } | null;
  readonly files: readonly Written[];
  /** What a person should know about this project, a sentence each. */
  readonly notes: readonly string[];
  /** Commands to go on with. */
  readonly next: readonly string[];
}

export function initProject(root: string, options: InitOptions): InitResult {
  const project = detectProject(root);
  const pin = pinOf(productVersion());
  // A starter in a package that is not type: module needs the name that says so.
  const entry = project.entry?.file ?? (project.esm || !project.hasManifest ? "app.js" : "app.mjs");
  const starter = project.entry === null;
  const starterSchema = starter && !project.hasSchema && options.schema === null;
  const schema = project.hasSchema || starterSchema || options.schema !== null;
  const write = (path: string, text: string) => writeFile(root, path, text, options.force);
  const files = [
    write("dazzle.toml", dazzleToml({ project, entry, schema, pin })),
    write("Procfile", procfile(project)),
    write(".env.example", ENV_EXAMPLE),
    addLines(root, ".gitignore", GITIGNORE),
    ...(project.hasManifest
      ? []
      : [writeFile(root, "package.json", manifestOf(project.name, pin), false)]),
    ...(starter ? [writeFile(root, entry, starterApp, false)] : []),
    ...(starterSchema ? [writeFile(root, "schema.sql", SCHEMA_SQL, false)] : []),
    ...(options.schema === null ? [] : [write("schema.sql", options.schema)]),
  ];
  return {
    framework: project.framework,
    entry,
    found: project.entry?.from ?? null,
    migrations:
      project.tool === null ? null : { tool: project.tool.name, folder: project.tool.folder },
    files,
    notes: [...notesOn(project, files), ...(starterSchema ? starterNote(project) : [])],
    next: [...(project.hasManifest ? [] : ["npm install"]), "npx supervise"],
  };
}

/** `0.38.2` becomes `~0.38`: patches are taken, minor versions are a decision. */
const pinOf = (version: string): string => `~${version.split(".").slice(0, 2).join(".")}`;

/** Where another tool owns the schema, the starter's own table needs a word. */
const starterNote = ({ tool }: Project): string[] =>
  tool === null || tool.name === "dbmate"
    ? []
    : [`schema.sql is there for the starter's one table: it goes with the starter's queries`];

function notesOn(project: Project, files: readonly Written[]): string[] {
  const kept = files.filter(({ action, path }) => action === "kept" && path !== ".gitignore");
  const fixed = project.entry?.fixedPort ?? null;
  return [
    ...(fixed === null
      ? []
      : [
          `${basename(project.entry?.file ?? "")} listens on port ${fixed} whatever it is told: use process.env.PORT`,
        ]),
    ...(project.entry !== null && project.usesPg
      ? ["pools that the application makes with pg are sized and measured without a change"]
      : []),
    ...(project.tool?.advice ?? []),
    ...(kept.length === 0
      ? []
      : [
          `${kept.map(({ path }) => path).join(", ")} ${kept.length === 1 ? "exists already; --force writes it" : "exist already; --force writes them"} anew`,
        ]),
  ];
}
