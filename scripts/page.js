// The development page: compiled for browsers, with its files and the vendored charting library beside it.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src/control/page");
const target = join(root, "dist/control/page");
const require = createRequire(import.meta.url);

/** Compiles and copies; returns whether that worked. */
export function buildPage() {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  const done = spawnSync(process.execPath, [tsc, "-p", source], { stdio: "inherit" });
  if (done.status !== 0) return false;
  mkdirSync(join(target, "vendor"), { recursive: true });
  for (const name of ["index.html", "page.css", "icon.svg"]) {
    copyFileSync(join(source, name), join(target, name));
  }
  const uplot = dirname(require.resolve("uplot/package.json"));
  for (const name of ["uPlot.esm.js", "uPlot.min.css"]) {
    copyFileSync(join(uplot, "dist", name), join(target, "vendor", name));
  }
  return true;
}
