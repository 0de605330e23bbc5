import { describe, expect, test } from "vitest";
import { affinity, cpuQuota, memoryQuota } from "../../../src/config/cgroup.js";
import { memoryLimit, usableCpus } from "../../../src/config/cpus.js";
import { autoWorkers } from "../../../src/config/workers.js";
import { project } from "../../support/project.js";

type Files = Readonly<Record<string, string>>;

const over = (files: Files) => ({ read: (path: string) => files[path] ?? null });

const MOUNT_V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
const MOUNT_V1 = [
  "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
].join("\n");

/** A process in the group /app of a service in cgroup v2. */
const V2: Files = {
  "proc/self/cgroup": "0::/system.slice/app\n",
  "proc/self/mountinfo": MOUNT_V2,
};

describe("the CPU quota", () => {
  test("of cgroup v2 is cpu.max of the own group", () => {
    const files = { ...V2, "sys/fs/cgroup/system.slice/app/cpu.max": "150000 100000\n" };
    expect(cpuQuota(over(files))).toEqual({
      value: 1.5,
      file: "/sys/fs/cgroup/system.slice/app/cpu.max",
    });
  });

  test("of a parent holds as well, the least one counts", () => {
    const files = {
      ...V2,
      "sys/fs/cgroup/system.slice/app/cpu.max": "400000 100000\n",
      "sys/fs/cgroup/system.slice/cpu.max": "50000 100000\n",
      "sys/fs/cgroup/cpu.max": "max 100000\n",
    };
    expect(cpuQuota(over(files))?.value).toBe(0.5);
  });

  test("in a container with its own cgroup namespace stands at the top", () => {
    const files = {
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": MOUNT_V2,
      "sys/fs/cgroup/cpu.max": "200000 100000\n",
    };
    expect(cpuQuota(over(files))?.value).toBe(2);
  });

  test("in a container that sees the host's paths is found below what is mounted", () => {
    const files = {
      "proc/self/cgroup": "0::/docker/abc/sub\n",
      "proc/self/mountinfo": MOUNT_V2.replace(" / /sys", " /docker/abc /sys"),
      "sys/fs/cgroup/sub/cpu.max": "max 100000",
      "sys/fs/cgroup/cpu.max": "300000 100000",
    };
    expect(cpuQuota(over(files))?.value).toBe(3);
  });

  test("of a group outside of the mount is the mount's own", () => {
    const files = {
      "proc/self/cgroup": "0::/../other\n",
      "proc/self/mountinfo": MOUNT_V2,
      "sys/fs/cgroup/cpu.max": "100000 100000",
    };
    expect(cpuQuota(over(files))?.value).toBe(1);
  });

  test("of cgroup v1 is the CFS quota, in a mount of several controllers", () => {
    const files = {
      "proc/self/cgroup": "4:memory:/m\n3:cpu,cpuacct:/docker/abc\n0::/\n",
      "proc/self/mountinfo": MOUNT_V1,
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "250000\n",
      "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    };
    expect(cpuQuota(over(files))?.value).toBe(2.5);
  });

  test.each<[string, Files]>([
    ["max", { ...V2, "sys/fs/cgroup/cpu.max": "max 100000\n" }],
    ["unreadable", V2],
    ["nonsense", { ...V2, "sys/fs/cgroup/cpu.max": "x y\n" }],
    ["zero", { ...V2, "sys/fs/cgroup/cpu.max": "0 100000\n" }],
    ["no cgroups at all", {}],
  ])("is unknown when it is %s", (_name, files) => {
    expect(cpuQuota(over(files))).toBeNull();
  });
});

test("the memory limit is read in both versions, and v1's huge number is none", () => {
  const v2 = { ...V2, "sys/fs/cgroup/system.slice/memory.max": "536870912\n" };
  expect(memoryQuota(over(v2))?.value).toBe(536870912);
  const v1 = (limit: string): Files => ({
    "proc/self/cgroup": "4:memory:/app\n",
    "proc/self/mountinfo": MOUNT_V1,
    "sys/fs/cgroup/memory/app/memory.limit_in_bytes": limit,
  });
  expect(memoryQuota(over(v1("268435456\n")))?.value).toBe(268435456);
  expect(memoryQuota(over(v1("9223372036854771712\n")))).toBeNull();
});

test.each([
  ["0-3", 4],
  ["0", 1],
  ["0-1,4,6-7", 5],
  ["", null],
])("the affinity %j names %j CPUs", (list, count) => {
  const files = { "proc/self/status": `Name:\tnode\nCpus_allowed_list:\t${list}\n` };
  expect(affinity(over(files))).toBe(count);
});

describe("what this process may use", () => {
  const status = { "proc/self/status": "Cpus_allowed_list:\t0-7\n" };

  test("is the quota, where that is less than the affinity", () => {
    const quota = { ...V2, ...status, "sys/fs/cgroup/system.slice/cpu.max": "150000 100000" };
    expect(usableCpus(project(quota))).toEqual({
      cpus: 1.5,
      reason: "/sys/fs/cgroup/system.slice/cpu.max allows 1.5 of 8 CPUs",
    });
  });

  test("is the affinity, where that is less than the quota or there is none", () => {
    const quota = { ...V2, ...status, "sys/fs/cgroup/cpu.max": "1600000 100000" };
    expect(usableCpus(project(quota)).cpus).toBe(8);
    expect(usableCpus(project(status)).reason).toBe("its affinity allows 8 CPUs");
  });

  test("is what the system says, where there is no /proc", () => {
    expect(usableCpus(project()).cpus).toBeGreaterThanOrEqual(1);
    expect(memoryLimit(project()).bytes).toBeGreaterThan(0);
  });

  test("is known on the machine that runs this test", () => {
    const { cpus, reason } = usableCpus();
    expect(cpus).toBeGreaterThan(0);
    expect(reason).not.toBe("");
  });

  test("of memory is the group's limit", () => {
    const files = { ...V2, "sys/fs/cgroup/memory.max": "134217728" };
    expect(memoryLimit(project(files))).toEqual({
      bytes: 134217728,
      reason: "/sys/fs/cgroup/memory.max sets the limit",
    });
  });
});

describe("workers = auto", () => {
  const usable = (cpus: number) => ({ cpus, reason: `${cpus} CPUs` });

  test.each([
    [0.5, null, 2],
    [1, null, 2],
    [1.5, null, 3],
    [2, null, 4],
    [8, 100, 16],
    [8, 5, 5],
    [8, 1, 1],
    [8, 0, 1],
    [0.25, 1, 1],
  ])("with %d CPUs and room for %s workers is %d", (cpus, budget, workers) => {
    expect(autoWorkers(usable(cpus), budget).workers).toBe(workers);
  });

  test("says why", () => {
    expect(autoWorkers(usable(4), null).reason).toContain("8 workers, twice the usable CPUs");
    expect(autoWorkers(usable(4), 3).reason).toContain(
      "3 workers, lowered from 8 to fit the connection budget",
    );
  });
});
