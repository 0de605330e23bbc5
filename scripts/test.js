/**
 * The whole test suite: every project of vitest.config.ts, then one line with the sum,
 * `N passed, N failed[, N skipped]`. Arguments are handed on to vitest, for example a file name.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** @param {string} command @param {string[]} args */
function run(command, args) {
  return spawnSync(command, args, { stdio: "inherit", cwd: join(import.meta.dirname, "..") });
}

const folder = mkdtempSync(join(tmpdir(), "supervise-results-"));
const results = join(folder, "results.json");
let status = 1;
try {
  const build = run(process.execPath, ["scripts/build.js"]);
  if (build.status !== 0) throw new Error("the build failed");
  const vitest = join(
    dirname(createRequire(import.meta.url).resolve("vitest/package.json")),
    "vitest.mjs",
  );
  const tests = run(process.execPath, [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${results}`,
    ...process.argv.slice(2),
  ]);
  if (!existsSync(results)) throw new Error("vitest ended without results");
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number,
   *   numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} */
  const counted = JSON.parse(readFileSync(results, "utf8"));
  const skipped = counted.numPendingTests + counted.numTodoTests;
  // A file that cannot even be loaded has no tests to fail; vitest reports it as a failed suite.
  const broken = counted.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  const failed = counted.numFailedTests + broken;
  status = tests.status === 0 && failed === 0 ? 0 : 1;
  console.log(
    `${counted.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status;
