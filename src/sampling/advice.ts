/**
 * The pool size that would have sufficed, by Little's law: connections needed = arrivals per second
 * times the time each holds one. Applied to every slice of 50 ms rather than to the average, so that
 * a burst counts as what it is: each arrival occupies the slices that its hold overlaps.
 */
import { middleOf, type Histogram } from "./histogram.js";
import { SLICE_MS } from "./report.js";

export interface Demand {
  /** Checkouts asked for in each slice of 50 ms, oldest first. */
  readonly arrivals: readonly number[];
  /** How long connections were held. */
  readonly use: Histogram;
  /** The longest hold that has not ended, in milliseconds: stands for the use when none has. */
  readonly longestHeldMs: number;
  /** Most connections wanted at once. */
  readonly peak: number;
}

/** Connections in use at the busiest moment if nobody had had to wait; at most `peak`. */
export function sizeNeeded(demand: Demand): number {
  const { arrivals } = demand;
  const kernel = occupancy(demand, arrivals.length);
  let busiest = 0;
  for (let slice = 0; slice < arrivals.length; slice += 1) {
    let busy = 0;
    for (let back = 0; back <= slice; back += 1) {
      const share = kernel[back] ?? 0;
      if (share === 0) break;
      busy += (arrivals[slice - back] ?? 0) * share;
    }
    if (busy > busiest) busiest = busy;
  }
  return Math.min(demand.peak, Math.max(1, Math.ceil(busiest - 0.05)));
}

/** Headroom on top of what sufficed: arrivals don't fall evenly on workers. */
const HEADROOM = 0.1;

/** The `pool.max` to set. */
export function withHeadroom(needed: number): number {
  return needed + Math.ceil(needed * HEADROOM);
}

/** The part of a slice, `back` slices after it was asked for, that a checkout is expected to fill. */
function occupancy({ use, longestHeldMs }: Demand, slices: number): number[] {
  const kernel = new Array<number>(slices).fill(0);
  if (use.count <= 0) return spread(kernel, Math.max(longestHeldMs, SLICE_MS), 1);
  // Buckets are told by their middles; the sum is exact and takes their error out again.
  let rough = 0;
  use.counts.forEach((count, bucket) => {
    if (count > 0) rough += count * middleOf(bucket);
  });
  const exact = rough > 0 ? use.sum / rough : 1;
  use.counts.forEach((count, bucket) => {
    if (count > 0) spread(kernel, middleOf(bucket) * exact, count / use.count);
  });
  return kernel;
}

function spread(kernel: number[], holdMs: number, weight: number): number[] {
  const hold = holdMs / SLICE_MS;
  const last = Math.min(kernel.length - 1, Math.ceil(hold) + 1);
  for (let back = 0; back <= last; back += 1) {
    kernel[back] = (kernel[back] ?? 0) + weight * overlap(hold, back);
  }
  return kernel;
}

/**
 * Expected part of slice `back` that a hold of `hold` slices fills when it begins at an even
 * chance anywhere in slice 0.
 */
function overlap(hold: number, back: number): number {
  if (back === 0) return hold < 1 ? hold - (hold * hold) / 2 : 0.5;
  const over = hold - back;
  if (over >= 1) return 1;
  if (over <= -1) return 0;
  if (over < 0) return (1 + over) ** 2 / 2;
  return (1 - over) ** 2 / 2 + over * (1 - over) + over;
}
