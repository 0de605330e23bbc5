/**
 * The whole test suite: every project of vitest.config.ts, then one line with the sum,
 * `N passed, N failed[, N skipped]`. Arguments are handed on to vitest, for example a file name.
 *
 * The run has a temporary folder of its own. A process that still works in it when the tests have
 * ended was left behind by one of them, and counts as a failure.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** How long processes may take to end after the last test. */
const PATIENCE_MS = 10_000;
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "supervise-"));
// As open as the system's own: tests also run programs as other users.
chmodSync(folder, 0o1777);

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const env = { ...process.env, TMPDIR: folder };
  return spawnSync(command, args, { stdio: "inherit", cwd: root, env });
}

/** Command lines that name the run's folder. Small systems have no `ps`, Linux has /proc. */
function leftovers() {
  const lines = existsSync("/proc/self")
    ? readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(commandLine)
    : execFileSync("ps", ["-ww", "-eo", "pid=,command="], { encoding: "utf8" }).split("\n");
  return lines.filter((line) => line.includes(folder));
}

/** @param {string} pid */
function commandLine(pid) {
  try {
    return `${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")}`;
  } catch {
    return "";
  }
}

async function untilNothingIsLeft() {
  const deadline = Date.now() + PATIENCE_MS;
  while (leftovers().length > 0 && Date.now() < deadline) await sleep(100);
  return leftovers();
}

/** @param {string} results */
function count(results) {
  /** @type {{ numPassedTests: number, numFailedTests: number, numPendingTests: number,
   *   numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} */
  const counted = JSON.parse(readFileSync(results, "utf8"));
  // A file that cannot even be loaded has no tests to fail; vitest reports it as a failed suite.
  const broken = counted.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: counted.numPassedTests,
    failed: counted.numFailedTests + broken.length,
    skipped: counted.numPendingTests + counted.numTodoTests,
  };
}

let sum = { passed: 0, failed: 1, skipped: 0 };
let status = 1;
try {
  if (run(process.execPath, ["scripts/build.js"]).status !== 0) throw new Error("the build failed");
  const vitest = dirname(createRequire(import.meta.url).resolve("vitest/package.json"));
  const results = join(folder, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${results}`];
  const tests = run(process.execPath, [
    join(vitest, "vitest.mjs"),
    "run",
    ...reporters,
    ...process.argv.slice(2),
  ]);
  if (!existsSync(results)) throw new Error("vitest ended without results");
  sum = count(results);
  const left = await untilNothingIsLeft();
  for (const line of left) console.error(`left behind by a test: ${line}`);
  sum.failed += left.length;
  status = tests.status === 0 && sum.failed === 0 ? 0 : 1;
  if (status !== 0 && sum.failed === 0) sum.failed = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : "";
console.log(`${sum.passed} passed, ${sum.failed} failed${skipped}`);
process.exitCode = status;
