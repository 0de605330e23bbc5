/** What the project's folder says by itself: its name, its entry, its schema file. */
import { basename, join } from "node:path";
import { isFile, kindOf, readText } from "./files.js";
import type { Facts } from "./layers.js";
import { PROJECT_NAME } from "./texts.js";

const BASES = ["server", "app", "index"];
const EXTENSIONS = ["js", "mjs", "cjs", "ts", "mts", "cts"];

export function readFacts(root: string): Facts {
  const manifest = readManifest(join(root, "package.json"));
  const named = projectName(manifest.name);
  const main = manifest.main;
  const conventional = BASES.flatMap((base) => EXTENSIONS.map((end) => `${base}.${end}`)).find(
    (name) => isFile(join(root, name)),
  );
  return {
    projectName:
      named === null
        ? { value: projectName(basename(root)) ?? "app", from: "folder" }
        : { value: named, from: "package.json" },
    entry:
      main !== null && isFile(join(root, main))
        ? { value: main, from: "main of package.json" }
        : conventional === undefined
          ? null
          : { value: conventional, from: "found in the project's folder" },
    schema:
      kindOf(join(root, "schema.sql")) !== null
        ? { value: ["schema.sql"], from: "found in the project's folder" }
        : { value: [], from: "no schema.sql" },
  };
}

/** `@acme/tasks` becomes `acme-tasks`: a name that is safe in file names. */
function projectName(name: string | null): string | null {
  if (name === null) return null;
  const safe = name
    .replace(/^[^\p{L}\p{N}]+/u, "")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 63);
  return PROJECT_NAME.test(safe) ? safe : null;
}

interface Manifest {
  name: string | null;
  main: string | null;
}

/** A manifest that is missing or broken is npm's business; here it only gives defaults. */
function readManifest(file: string): Manifest {
  const manifest: unknown = parseJson(readText(file) ?? "{}");
  const field = (name: "name" | "main"): string | null => {
    if (typeof manifest !== "object" || manifest === null || !(name in manifest)) return null;
    const value: unknown = Object.entries(manifest).find(([key]) => key === name)?.[1];
    return typeof value === "string" && value !== "" ? value : null;
  };
  return { name: field("name"), main: field("main") };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
