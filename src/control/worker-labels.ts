/**
 * The labels of a worker's samples. They come again with every scrape, so each set of them is one
 * object for good, and its text is made once (openmetrics.ts).
 */
import type { Labels } from "./openmetrics.js";

const plain = new Map<number, Labels>();
const further = new WeakMap<Labels, Map<string, Map<string, Labels>>>();

/** `{worker}`, with one more label where one is given. */
export function workerLabels(slot: number, name = "", value = ""): Labels {
  let labels = plain.get(slot);
  if (labels === undefined) plain.set(slot, (labels = { worker: slot }));
  return name === "" ? labels : moreLabels(labels, name, value);
}

/** `labels` and one more, whose values are few. */
export function moreLabels(labels: Labels, name: string, value: string): Labels {
  let more = further.get(labels);
  if (more === undefined) further.set(labels, (more = new Map<string, Map<string, Labels>>()));
  let named = more.get(name);
  if (named === undefined) more.set(name, (named = new Map<string, Labels>()));
  let made = named.get(value);
  if (made === undefined) named.set(value, (made = { ...labels, [name]: value }));
  return made;
}
