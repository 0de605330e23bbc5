/** How much of the machine this process may use. */
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { affinity, cpuQuota, memoryQuota, type CgroupFiles } from "./cgroup.js";
import { readText } from "./files.js";

export interface UsableCpus {
  /** May be a fraction: a quota of 150 ms in each 100 ms is 1.5. */
  readonly cpus: number;
  /** What limits them, to be read after "because". */
  readonly reason: string;
}

export interface MemoryLimit {
  readonly bytes: number;
  readonly reason: string;
}

/** The CPUs that this process may use: the lesser of its cgroup's quota and its affinity. */
export function usableCpus(root = "/"): UsableCpus {
  const files = filesUnder(root);
  const allowed = affinity(files);
  const runnable = allowed ?? availableParallelism();
  const quota = cpuQuota(files);
  if (quota !== null && quota.value < runnable) {
    const cpus = Math.round(quota.value * 100) / 100;
    return { cpus, reason: `${quota.file} allows ${cpus} of ${runnable} CPUs` };
  }
  return {
    cpus: runnable,
    reason:
      allowed === null
        ? `the system has ${runnable} CPUs`
        : `its affinity allows ${runnable} ${runnable === 1 ? "CPU" : "CPUs"}`,
  };
}

/** The memory that this process may use: its cgroup's limit, else the machine's memory. */
export function memoryLimit(root = "/"): MemoryLimit {
  const quota = memoryQuota(filesUnder(root));
  const machine = totalmem();
  return quota !== null && quota.value < machine
    ? { bytes: quota.value, reason: `${quota.file} sets the limit` }
    : { bytes: machine, reason: "the machine has no more" };
}

const filesUnder = (root: string): CgroupFiles => ({
  // Not there (another system, another cgroup version) or not ours to read: no limit known.
  read: (path) => readText(join(root, path)),
});
