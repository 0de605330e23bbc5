import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createDatabase } from "../support/database.js";
import { serve } from "../support/serve.js";
import { PROGRAM } from "../support/supervisor.js";

/** Where this process is in a hierarchy, mounted as systems do; null where there is none. */
function ownFolder(controller: string): string | null {
  try {
    for (const line of readFileSync("/proc/self/cgroup", "utf8").split("\n")) {
      const [, controllers = "", path = "/"] = line.split(":");
      if (controllers.split(",").includes(controller)) {
        return join("/sys/fs/cgroup", controllers, path);
      }
      if (line.startsWith("0::") && controller === "unified") return join("/sys/fs/cgroup", path);
    }
  } catch {
    // Another system: no control groups.
  }
  return null;
}

/** A group of this test's own with a limit; null where there may be none. */
function group(parent: string | null, file: string, value: string): string | null {
  if (parent === null) return null;
  const folder = join(parent, `supervise-test-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, file), value);
    return folder;
  } catch {
    remove(folder);
    return null;
  }
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It could not even be made.
  }
}

test("in a real control group, workers = auto and the warnings go by its limits", async (context) => {
  const folders = [
    group(ownFolder("cpu"), "cpu.cfs_quota_us", "130000") ??
      group(ownFolder("unified"), "cpu.max", "130000 100000"),
    group(ownFolder("memory"), "memory.limit_in_bytes", "1000000000") ??
      group(ownFolder("unified"), "memory.max", "1000000000"),
  ];
  onTestFinished(() => folders.forEach((folder) => folder !== null && remove(folder)));
  const [cpu = null, memory = null] = folders;
  if (cpu === null || memory === null) context.skip("control groups can't be made here");
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const enter = `echo $$ > ${cpu}/cgroup.procs && echo $$ > ${memory}/cgroup.procs && exec "$@"`;
  const app = await serve({
    app: "busy.mjs",
    url: database.url,
    supervisor: 'max_memory = "700MB"',
    args: ["--workers", "auto"],
    command: ["sh", "-c", enter, "sh", process.execPath, PROGRAM],
  });
  const auto = await app.waitForMessage("workers = auto");
  expect(auto).toMatchObject({ workers: 2, cpus: 1.3 });
  const warning = await app.waitForMessage("max_memory lets 2 workers");
  expect(warning).toMatchObject({ level: "warn" });
  // Rounded down to a page.
  expect(Number(warning["memory_limit_bytes"])).toBeCloseTo(1e9, -5);
  await app.waitFor("supervisor.ready");
  const { stdout } = await app.command("status");
  expect(stdout).toContain("max_memory lets 2 workers");
  expect(await app.end()).toMatchObject({ code: 0 });
});
