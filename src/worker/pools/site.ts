/**
 * Where a checkout was asked for. Noting a stack costs some ten microseconds, fifty times the budget of
 * a checkout, so the time it takes is rationed: a thousandth of all time, with up to 3 ms saved up. That
 * is every checkout of an ordinary application, some three hundred at once, and a part of those in a
 * busy one. V8 formats a stack only when it is read.
 */
import { performance } from "node:perf_hooks";
import type { Site } from "./shapes.js";

/** Milliseconds that may be spent in each millisecond. */
const SHARE = 0.001;
/** Milliseconds that are saved up at most. */
const SAVED = 3;
/** No stack counts for more. */
const LONGEST = 0.1;
/** Frames: pg's own two or three and those of the application behind them. */
const DEPTH = 12;

// Fields of an object are written in place, where a variable of the module allocates each number.
const ration = { left: SAVED + 0.5, at: 0.5 };

/** Null while the ration is used up. */
export function noteSite(now: number): Site | null {
  const left = ration.left + (now - ration.at) * SHARE;
  ration.at = now;
  ration.left = left > SAVED ? SAVED : left;
  return ration.left > 0 ? capture(now) : null;
}

function capture(now: number): Site {
  const site: Site = {};
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  Error.captureStackTrace(site, noteSite);
  Error.stackTraceLimit = depth;
  // A pause in between is not its fault.
  ration.left -= Math.min(LONGEST, performance.now() - now);
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
