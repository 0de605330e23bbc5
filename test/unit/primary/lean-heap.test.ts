import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");

test("V8 is told to keep small before anything else is loaded", () => {
  const lines = readFileSync(join(root, "bin/supervise.js"), "utf8")
    .split("\n")
    .filter((line) => line.includes("import"));
  expect(lines[0]).toContain("lean-heap.js");
  // Not a static import: those are all loaded before the first of them runs.
  expect(lines[1]).toMatch(/^await import\(/);
});

test("this Node knows the flags", () => {
  const { stdout } = spawnSync(process.execPath, ["--v8-options"], { encoding: "utf8" });
  expect(stdout).toContain("--semi-space-growth-factor");
  expect(stdout).toMatch(/max-optimized-bytecode-size=61440/);
});
