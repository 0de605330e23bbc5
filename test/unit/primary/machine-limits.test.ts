import { describe, expect, test } from "vitest";
import { memoryLimit, usableCpus } from "../../../src/config/cpus.js";
import { limitWarnings } from "../../../src/primary/machine-limits.js";
import { project } from "../../support/project.js";

const MIB = 1_048_576;
const STATUS = { "proc/self/status": "Cpus_allowed_list:\t0-7\n" };

/** As the kernel lays it out for a container in cgroup v2, and in v1. */
const V2 = (cpu: string, memory: string) =>
  project({
    ...STATUS,
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/cpu.max": cpu,
    "sys/fs/cgroup/memory.max": memory,
  });
const V1 = (quota: string, memory: string) =>
  project({
    ...STATUS,
    "proc/self/cgroup": "4:memory:/app\n2:cpu,cpuacct:/app\n",
    "proc/self/mountinfo": [
      "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
      "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
    ].join("\n"),
    "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_quota_us": quota,
    "sys/fs/cgroup/cpu,cpuacct/app/cpu.cfs_period_us": "100000",
    "sys/fs/cgroup/memory/app/memory.limit_in_bytes": memory,
  });

const warnings = (root: string, demand: Partial<Parameters<typeof limitWarnings>[0]>) =>
  limitWarnings(
    { workers: 2, spare: 0, maxMemoryBytes: 0, ...demand },
    usableCpus(root),
    memoryLimit(root),
  ).map(({ msg }) => msg);

describe.each([
  ["cgroup v2", () => V2("150000 100000\n", String(512 * MIB)), "cpu.max", "memory.max"],
  [
    "cgroup v1",
    () => V1("150000\n", String(512 * MIB)),
    "cpu.cfs_quota_us",
    "memory.limit_in_bytes",
  ],
])("a container with 1.5 CPUs and 512 MiB by %s", (_version, root, cpuFile, memoryFile) => {
  test("has room for three workers of 150 MiB without a word", () => {
    expect(warnings(root(), { workers: 3, maxMemoryBytes: 150 * MIB })).toEqual([]);
  });

  test("is told that four workers are more than its CPUs serve", () => {
    const [warning, ...others] = warnings(root(), { workers: 4 });
    expect(warning).toContain("4 workers are more than the usable CPUs can serve well");
    expect(warning).toContain(`${cpuFile} allows 1.5 of 8 CPUs`);
    expect(warning).toContain('use 3, or workers = "auto"');
    expect(others).toEqual([]);
  });

  test("is told which max_memory would fit, reserves counted", () => {
    const [warning] = warnings(root(), { workers: 2, spare: 1, maxMemoryBytes: 200 * MIB });
    expect(warning).toContain("max_memory lets 3 workers");
    expect(warning).toContain(`${memoryFile} sets the limit`);
    expect(warning).toContain("set max_memory to at most 160MB");
  });

  test("is told when its memory does not even hold the workers at rest", () => {
    expect(warnings(root(), { workers: 3, spare: 9 })).toEqual([
      expect.stringContaining("12 workers and the supervisor need"),
    ]);
  });
});

test.each([
  ["cgroup v2", () => V2("max 100000\n", "max\n")],
  ["cgroup v1", () => V1("-1\n", "9223372036854771712\n")],
])("without limits the machine's own count: %s", (_version, root) => {
  expect(warnings(root(), { workers: 16 })).toEqual([]);
  expect(warnings(root(), { workers: 17 })).toHaveLength(1);
});
