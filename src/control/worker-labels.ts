/**
 * The labels of a worker's samples. They come again with every scrape, so each set of them is one
 * object for good, and its text is made once (openmetrics.ts).
 */
import type { Labels } from "./openmetrics.js";

const known = new Map<number, Map<string, Labels>>();

/** `{worker}`, with one more label where one is given. */
export function workerLabels(slot: number, name = "", value = ""): Labels {
  const key = `${name}\0${value}`;
  const ofSlot = known.get(slot) ?? new Map<string, Labels>();
  known.set(slot, ofSlot);
  const labels =
    ofSlot.get(key) ?? (name === "" ? { worker: slot } : { worker: slot, [name]: value });
  ofSlot.set(key, labels);
  return labels;
}
