/**
 * What workers tell of their Node runtime, kept by slot: counters go on when a worker is replaced,
 * gauges are those of the processes that run. Constant memory: the keys are the worker's own few.
 */

/** Seconds; bounds of garbage collection's histogram, as OpenTelemetry advises. */
export const GC_BOUNDS = [0.01, 0.1, 1, 10] as const;

type Numbers = Readonly<Record<string, number>>;

export interface RuntimeReport {
  /** Since the process started. */
  readonly counters: Numbers;
  /** `loop.*` of the last second, `delay.*` of the last 30 to 60 seconds. */
  readonly gauges: Numbers;
  /** Bytes in use and allocated, by space of the JavaScript heap. */
  readonly heap: Readonly<Record<string, { readonly used: number; readonly size: number }>>;
}

export interface RuntimeSeries {
  readonly slot: number;
  /** Sums over every process that the slot has had. */
  readonly totals: ReadonlyMap<string, number>;
  /** Of the slot's latest process; null when there is none. */
  readonly latest: RuntimeReport | null;
}

export interface RuntimeTotals {
  /** `process` tells apart the processes that share a slot while a reload overlaps. */
  ingest(slot: number, process: number, report: RuntimeReport): void;
  gone(process: number): void;
  /** What it reported last; null when it has not, or is gone. */
  latest(process: number): RuntimeReport | null;
  /** By slot, ascending. */
  series(): RuntimeSeries[];
}

export function createRuntimeTotals(): RuntimeTotals {
  const processes = new Map<number, { slot: number; report: RuntimeReport }>();
  const slots = new Map<number, Map<string, number>>();
  return {
    ingest(slot, process, report) {
      // A spare is in no slot yet: what it has used counts once it is.
      if (slot <= 0) return;
      const before = processes.get(process)?.report.counters ?? {};
      const totals = slots.get(slot) ?? new Map<string, number>();
      slots.set(slot, totals);
      for (const [key, value] of Object.entries(report.counters)) {
        const more = Math.max(0, value - (before[key] ?? 0));
        totals.set(key, (totals.get(key) ?? 0) + more);
      }
      // The latest to report stands last.
      processes.delete(process);
      processes.set(process, { slot, report });
    },
    gone: (process) => void processes.delete(process),
    latest: (process) => processes.get(process)?.report ?? null,
    series() {
      const latest = new Map<number, RuntimeReport>();
      for (const { slot, report } of processes.values()) latest.set(slot, report);
      return [...slots]
        .map(([slot, totals]) => ({ slot, totals, latest: latest.get(slot) ?? null }))
        .sort((a, b) => a.slot - b.slot);
    },
  };
}

/** The report as it came through the channel, or null when anything in it is amiss. */
export function parseRuntimeReport(value: unknown): RuntimeReport | null {
  return isReport(value) ? value : null;
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

const isAmount = (value: unknown): boolean =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

const areAmounts = (value: unknown): boolean =>
  isFields(value) && Object.values(value).every(isAmount);

const isReport = (value: unknown): value is RuntimeReport =>
  isFields(value) &&
  areAmounts(value["counters"]) &&
  areAmounts(value["gauges"]) &&
  isFields(value["heap"]) &&
  Object.values(value["heap"]).every(areAmounts);
