/**
 * Whether the workers fit the machine, or what the container may use of it: warnings, never a refusal, since
 * the supervisor can't know what else a quota was meant for. That their pools fit the database is
 * postgres/budget.ts.
 */
import type { MemoryLimit, UsableCpus } from "../config/cpus.js";
import { mostByCpus } from "../config/workers.js";
import type { Fields } from "../log/logger.js";
import { formatSize } from "../util/units.js";
import { counted } from "../util/counted.js";

export interface Demand {
  readonly workers: number;
  readonly spare: number;
  /** 0: no limit. */
  readonly maxMemoryBytes: number;
}

export interface LimitWarning {
  readonly msg: string;
  readonly fields: Fields;
}

const MEGABYTE = 1_000_000;
/** What a worker with a small application and the supervisor itself take at the least. */
const LEAST_BYTES = 55 * MEGABYTE;

export function limitWarnings(
  demand: Demand,
  cpus: UsableCpus,
  memory: MemoryLimit,
): LimitWarning[] {
  return [tooManyForCpus(demand, cpus), tooMuchMemory(demand, memory)].filter(
    (warning) => warning !== null,
  );
}

function tooManyForCpus({ workers }: Demand, { cpus, reason }: UsableCpus): LimitWarning | null {
  const most = mostByCpus(cpus);
  if (workers <= most) return null;
  return {
    msg: `${counted(workers, "worker")} ${workers === 1 ? "is" : "are"} more than the usable CPUs can serve well (${reason}): use ${most}, or workers = "auto"`,
    fields: { workers, cpus, most },
  };
}

function tooMuchMemory(demand: Demand, { bytes: limit, reason }: MemoryLimit): LimitWarning | null {
  const { workers, spare, maxMemoryBytes } = demand;
  const processes = workers + spare;
  const least = (processes + 1) * LEAST_BYTES;
  if (least > limit) {
    return {
      msg: `${counted(processes, "worker")} and the supervisor need ${formatSize(least)} of memory at the least, of ${formatSize(limit)} (${reason}): use fewer workers or allow more memory`,
      fields: { workers: processes, needed_bytes: least, memory_limit_bytes: limit },
    };
  }
  const needed = processes * maxMemoryBytes + LEAST_BYTES;
  if (maxMemoryBytes === 0 || needed <= limit) return null;
  const fits = Math.floor((limit - LEAST_BYTES) / processes / MEGABYTE);
  return {
    msg: `max_memory lets ${counted(processes, "worker")} and the supervisor have ${formatSize(needed)}, of ${formatSize(limit)} (${reason}): the system would kill before a worker is replaced; set max_memory to at most ${fits}MB`,
    fields: {
      workers: processes,
      max_memory_bytes: maxMemoryBytes,
      needed_bytes: needed,
      memory_limit_bytes: limit,
    },
  };
}
