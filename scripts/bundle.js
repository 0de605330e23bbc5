// A worker in two CommonJS files, the one that starts it and one with everything else, the library that
// applications import included. Sixty modules cost Node about a millisecond each to find, read and link
// at every boot; and of a single file the compiled code can be kept (src/worker/boot.ts).
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";

const root = join(import.meta.dirname, "..");

/** Nothing of either runs before it is asked for. */
const ENTRY = `
export { runWorker } from "./src/worker/main.ts";
export const library = () => require("./src/index.ts");
`;

/** An application that imports the library meets the modules that its worker runs on. */
const DOOR = `import { createRequire } from "node:module";
export const { env, log, onShutdown, pool, worker } =
  createRequire(import.meta.url)("./worker/bundle.cjs").library();
`;

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node20.19",
  packages: "external",
  sourcemap: "linked",
  sourcesContent: false,
  // What is found beside a module of src/worker is found beside these.
  define: { "import.meta.url": "__moduleUrl", "import.meta.dirname": "__dirname" },
  absWorkingDir: root,
  logLevel: "warning",
};

/** A CommonJS module has it at hand; asking for it by name would load Node's loader of ES modules, 1 ms. */
function useOwnModuleClass(/** @type {string} */ file) {
  const path = join(root, file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replaceAll('require("node:module")', "module.constructor"));
}

/** Adds them to what the compiler made: the other modules of dist stay, for the primary. */
export function bundleWorker() {
  const bundled = buildSync({
    ...COMMON,
    stdin: { contents: ENTRY, resolveDir: root, sourcefile: "bundle.js" },
    outfile: "dist/worker/bundle.cjs",
    // Strict, as the modules in it are.
    banner: {
      js: '"use strict"; const __moduleUrl = require("node:url").pathToFileURL(__filename).href;',
    },
  });
  const started = buildSync({
    ...COMMON,
    entryPoints: ["src/worker/boot.ts"],
    outfile: "dist/worker/main.cjs",
  });
  for (const file of ["dist/worker/bundle.cjs", "dist/worker/main.cjs"]) useOwnModuleClass(file);
  writeFileSync(join(root, "dist/index.js"), DOOR);
  for (const none of ["index.js.map", "worker/main.js", "worker/main.js.map", "worker/boot.js"]) {
    rmSync(join(root, "dist", none), { force: true });
  }
  return bundled.errors.length === 0 && started.errors.length === 0;
}
