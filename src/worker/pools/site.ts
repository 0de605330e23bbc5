/**
 * Where a checkout was asked for. Noting a stack costs up to ten microseconds, fifty times the
 * budget of a checkout, so it is rationed: 250 a second and bursts of as many. That is every checkout
 * of an ordinary application, and at most 0.25 % of a core in a busy one. V8 formats a stack only
 * when it is read.
 */

import type { Site } from "./shapes.js";

const PER_MS = 0.25;
const BURST = 250;
/** Frames: pg's own two or three and those of the application behind them. */
const DEPTH = 12;

let allowance = BURST;
let last = 0;

export function noteSite(now: number): Site | null {
  allowance = Math.min(BURST, allowance + (now - last) * PER_MS);
  last = now;
  return allowance < 1 ? null : capture();
}

function capture(): Site {
  allowance -= 1;
  const site: Site = {};
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(site, noteSite);
  Error.stackTraceLimit = depth;
  return site;
}

/** Frames of this program's own measuring and of pg's insides say nothing to the application. */
const INSIDE = /[\\/](?:pg-pool[\\/]|pg[\\/]lib[\\/]|worker[\\/]pools?[\\/.]|worker[\\/]measure\.)/;
const NAMELESS = /^\s*at (?:new Promise \(<anonymous>\)|node:internal)/;

/** The frames of the application, one a line, nearest first; null when there is no stack. */
export function framesOf(site: Site | null): string | null {
  const frames = (site?.stack ?? "").split("\n").slice(1);
  if (frames.length === 0) return null;
  const outside = frames.filter((frame) => !INSIDE.test(frame) && !NAMELESS.test(frame));
  return (outside.length > 0 ? outside : frames).join("\n");
}

/** An error out of a socket's callback says nothing of who asked: the checkout's stack does. */
export function traceTo(site: Site | null, error: Error): void {
  const frames = framesOf(site);
  if (frames !== null) error.stack = `${error.name}: ${error.message}\n${frames}`;
}
