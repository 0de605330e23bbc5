/**
 * The first file of a worker's process: it runs the bundle beside it, all the rest of the worker, from the
 * compiled code that an earlier worker has left in memory where there is such code.
 */
import { readFileSync, statSync, type Stats } from "node:fs";
import { Module, createRequire } from "node:module";
import { Script } from "node:vm";
import { readCode, takePlace, writeCode, type Place } from "../ipc/code-cache.js";

/** By then the functions that a boot needs are compiled, and kept too. */
const MAKE_AFTER_MS = 1_000;

interface Bundle {
  runWorker(load: (url: string) => Promise<unknown>): void;
}

const folder = import.meta.dirname;
const file = `${folder}/bundle.cjs`;
const require = createRequire(file);

function isBundle(value: unknown): value is Bundle {
  return typeof value === "object" && value !== null && "runWorker" in value;
}

function load(place: Place | null): unknown {
  // Node maps the stacks of modules to their source, but not those of scripts.
  if (place === null || process.sourceMapsEnabled) return require(file);
  const stats = statSync(file);
  const code = place.made ? codeAt(place.path, stats) : null;
  if (place.made && code === null) return require(file);
  const source = readFileSync(file, "utf8");
  const wrapped = `(function (exports, require, module, __filename, __dirname) { ${source}\n})`;
  const script = new Script(wrapped, {
    filename: file,
    ...(code === null ? {} : { cachedData: code }),
  });
  if (code === null) setTimeout(make, MAKE_AFTER_MS, script, place.path, stats).unref();
  const module = new Module(file);
  // Where the library's door finds it.
  require.cache[file] = module;
  module.filename = file;
  module.loaded = true;
  const run: unknown = script.runInThisContext();
  if (typeof run !== "function") throw new TypeError(`${file} is no module`);
  Reflect.apply(run, module.exports, [module.exports, require, module, file, folder]);
  return module.exports;
}

/** Null as well when the primary that holds it is gone. */
function codeAt(path: string, source: Stats): Buffer | null {
  try {
    return readCode(path, source);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

function make(script: Script, path: string, source: Stats): void {
  try {
    writeCode(path, source, script.createCachedData());
  } catch (error) {
    // Without a primary or memory for it: the next worker compiles for itself.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}

const bundle = load(takePlace(process.env));
if (!isBundle(bundle)) throw new TypeError(`${file} has no worker`);
bundle.runWorker((url) => import(url));
