#!/usr/bin/env node
// Compiles src to dist; `--if-stale` does nothing when dist is newer than every source file.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorker } from "./bundle.js";
import { buildPage } from "./page.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const newest = (/** @type {string} */ folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (time, entry) => Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs),
      0,
    );
const built = statSync(join(root, "dist/cli/main.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (!process.argv.includes("--if-stale") || built < newest(join(root, "src"))) {
  rmSync(join(root, "dist"), { recursive: true, force: true });
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin/tsc",
  );
  const done = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  process.exitCode = done.status === 0 && bundleWorker() && buildPage() ? 0 : 1;
}
