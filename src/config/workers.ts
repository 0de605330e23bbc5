/** What `workers = "auto"` comes to. Pure. */
import type { UsableCpus } from "./cpus.js";

export interface AutoWorkers {
  readonly workers: number;
  /** A sentence for the log. */
  readonly reason: string;
}

/** Web workers wait for their database most of the time (the operational guide: 2 x CPUs). */
const PER_CPU = 2;
/** One may restart or be blocked while another serves. */
const LEAST = 2;

/** Twice as many as CPUs, and one that serves while another restarts. */
export const mostByCpus = (cpus: number): number => Math.max(LEAST, Math.floor(cpus * PER_CPU));

/**
 * Twice the usable CPUs, at least 2, lowered to `budget`: the most workers whose pools fit the
 * database's capacity, null when that is not known. Never below 1.
 */
export function autoWorkers(usable: UsableCpus, budget: number | null): AutoWorkers {
  const wanted = mostByCpus(usable.cpus);
  const because = `twice the usable CPUs, at least ${LEAST}: ${usable.reason}`;
  if (budget === null || wanted <= budget) {
    return { workers: wanted, reason: `${wanted} workers, ${because}` };
  }
  const workers = Math.max(1, Math.floor(budget));
  return {
    workers,
    reason: `${workers} workers, lowered from ${wanted} to fit the connection budget (${because})`,
  };
}
