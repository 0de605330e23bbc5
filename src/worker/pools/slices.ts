/** Arrivals in slices of 50 ms, in a ring. */
import { SLICE_MS } from "../../sampling/report.js";
import type { Meter } from "./shapes.js";

/** Kept for this many slices: 12.8 s, well over the second between reports. */
export const SLICES = 256;
export const SLICES_PER_MS = 1 / SLICE_MS;

/** Counts one arrival. */
export function arrive(meter: Meter, now: number): void {
  const slice = Math.floor(now * SLICES_PER_MS);
  if (slice !== meter.slice) advance(meter, slice);
  const at = slice & (SLICES - 1);
  meter.slices[at] = (meter.slices[at] ?? 0) + 1;
}

/** The ring holds the last SLICES slices: those skipped since the last arrival are cleared. */
export function advance(meter: Meter, slice: number): void {
  const from = Math.max(meter.slice + 1, slice - SLICES + 1);
  for (let at = from; at <= slice; at += 1) meter.slices[at & (SLICES - 1)] = 0;
  meter.slice = slice;
}
