/**
 * Runs a file as the program's main module: `process.argv[1]`, `require.main` and `import.meta.url` say what
 * they would say under plain node, which runs CommonJS without its loader of ES modules, 9 ms of a boot.
 */
import { readFileSync, realpathSync } from "node:fs";
import { Module, createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasPreloads } from "../ipc/preloads.js";

/** `import()` of a module: code that V8 has from a cache has none of its own. */
export type ImportModule = (url: string) => Promise<unknown>;

/** Resolves to the module's exports as an import of it has them. */
export async function loadMain(path: string, load: ImportModule): Promise<unknown> {
  const file = realpathSync(path);
  process.argv[1] = file;
  const { cache } = createRequire(file);
  Object.defineProperty(process, "mainModule", {
    configurable: true,
    get: () => cache[file],
    set: () => undefined,
  });
  const require: unknown = Reflect.get(Module, "_load");
  // What was preloaded may have a say in how modules are found and read.
  if (typeof require !== "function" || hasPreloads() || !isCommonJs(file)) {
    return load(pathToFileURL(file).href);
  }
  // Without a parent, like the main module: scripts ask `module.parent` whether they are it.
  const exported: unknown = Reflect.apply(require, Module, [file, null, false]);
  return { default: exported };
}

/** Statements that only an ES module has, also where a minifier took the lines away. */
const ES_SYNTAX = /(^|[;}])\s*(import(?!\s*\()|export|await)\b|\bimport\.meta\b/m;

/** False where Node would have to look closer: then it does. */
function isCommonJs(file: string): boolean {
  const extension = extname(file);
  if (extension === ".cjs") return true;
  if (extension !== ".js") return false;
  const type = packageType(dirname(file));
  return type === "commonjs" || (type === null && !ES_SYNTAX.test(readFileSync(file, "utf8")));
}

/** As the nearest package.json has it; null where none does. */
function packageType(folder: string): unknown {
  for (let at = folder; ; at = dirname(at)) {
    const manifest = manifestIn(at);
    if (manifest !== null) return Reflect.get(manifest, "type") ?? null;
    if (at === dirname(at)) return null;
  }
}

function manifestIn(folder: string): object | null {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof manifest === "object" ? manifest : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    // Node itself says best what is wrong with it.
    return { type: "unknown" };
  }
}
