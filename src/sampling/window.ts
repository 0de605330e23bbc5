/** A histogram of the last so many milliseconds: deltas are added as they come and taken away as they age. */
import { createHistogram, merge, type Histogram, type HistogramDelta } from "./histogram.js";

export interface Window {
  readonly lengthMs: number;
  readonly histogram: Histogram;
  /** Oldest first. */
  readonly entries: { at: number; delta: HistogramDelta }[];
}

export function createWindow(lengthMs: number): Window {
  return { lengthMs, histogram: createHistogram(), entries: [] };
}

export function addToWindow(window: Window, now: number, delta: HistogramDelta): void {
  if (delta.count > 0) {
    window.entries.push({ at: now, delta });
    merge(window.histogram, delta);
  }
  expire(window, now);
}

/** Forgets what is older than the window. */
export function expire(window: Window, now: number): void {
  let oldest = window.entries[0];
  if (oldest === undefined || now - oldest.at < window.lengthMs) return;
  while (oldest !== undefined && now - oldest.at >= window.lengthMs) {
    window.entries.shift();
    merge(window.histogram, oldest.delta, -1);
    oldest = window.entries[0];
  }
  window.histogram.max = window.entries.reduce((max, { delta }) => Math.max(max, delta.max), 0);
}
