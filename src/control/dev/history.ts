/** A quarter of an hour of what the page draws, sampled each second so that a reload of the page loses nothing. */
import type { Status, WaitMilliseconds } from "../protocol.js";

/** Numbers in the order of `SAMPLE_FIELDS`; short, because hundreds of them travel at once. */
export type Sample = readonly number[];

export const SAMPLE_FIELDS = [
  "time",
  "p50",
  "p95",
  "p99",
  "max",
  "open",
  "used",
  "waiting",
  "limit",
  "requests",
  "loop",
  "exhausted",
] as const;

const KEPT = 900;
const EVERY_MS = 1_000;

export interface History {
  samples(): readonly Sample[];
  /** Called after each new sample; returns how to end that. */
  subscribe(listener: (sample: Sample, status: Status) => void): () => void;
  close(): void;
}

export interface HistoryInput {
  readonly status: () => Status;
  /** Of the last 10 s. */
  readonly waits: () => WaitMilliseconds;
  readonly exhausted: () => boolean;
}

function takeSample(
  status: Status,
  { waits, exhausted }: Pick<HistoryInput, "waits" | "exhausted">,
  now: number,
): Sample {
  const { p50, p95, p99, max } = waits();
  const { pool, workers } = status;
  const perSecond = workers.reduce((sum, worker) => sum + worker.requests.per_s, 0);
  const loop = Math.max(0, ...workers.map((worker) => worker.event_loop_delay_ms.p99));
  return [
    now / 1_000,
    p50,
    p95,
    p99,
    max,
    pool.total,
    pool.total - pool.idle,
    pool.waiting,
    pool.max,
    perSecond,
    loop,
    exhausted() ? 1 : 0,
  ];
}

export function startHistory(input: HistoryInput): History {
  const listeners = new Set<(sample: Sample, status: Status) => void>();
  let samples: Sample[] = [];
  const timer = setInterval(() => {
    const current = input.status();
    const sample = takeSample(current, input, Date.now());
    samples.push(sample);
    if (samples.length > KEPT * 1.1) samples = samples.slice(-KEPT);
    for (const listener of listeners) listener(sample, current);
  }, EVERY_MS);
  timer.unref();
  return {
    samples: () => samples.slice(-KEPT),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}
