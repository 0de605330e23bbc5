/**
 * Where a checkout was asked for. Noting a stack costs some five microseconds, many times the budget of
 * a checkout, so the time it takes is rationed. What can leak is what `pool.connect()` hands out: its
 * stacks may take a hundredth of all time, two thousand a second. `pool.query()` gives back what it
 * takes by itself: its stacks, which errors and slow queries are told with, are some forty a second.
 * V8 formats a stack only when it is read.
 *
 * Time is the clock's: a process that gets a tenth of a CPU spends ten times the share of its own time,
 * which is why that of queries, the commonest checkout, is so small.
 */
import { performance } from "./clock.js";
import type { Site } from "./shapes.js";

interface Ration {
  /** Milliseconds that may be spent in each millisecond. */
  share: number;
  /** Milliseconds that are saved up at most. */
  readonly saved: number;
  /** Milliseconds that may be spent now. */
  left: number;
  /** When `left` was last added to. */
  at: number;
}

/** No stack counts for more. */
const LONGEST = 0.1;
/** Frames: pg's own two or three and those of the application behind them. */
const DEPTH = 12;
const CONNECT_SHARE = 0.01;
const QUERY_SHARE = 0.0002;
/** After a long hold that has no stack: it won't be the last from that place. */
const ALERT_SHARE = 0.05;

// Fields of an object are written in place, where a variable of the module allocates each number.
const connects: Ration = { share: CONNECT_SHARE, saved: 3, left: 3.5, at: 0.5 };
const queries: Ration = { share: QUERY_SHARE, saved: 0.5, left: 0.75, at: 0.5 };

/** Null while the ration is used up. `query`: for a `pool.query()`. */
export function noteSite(now: number, query: boolean): Site | null {
  const ration = query ? queries : connects;
  const left = ration.left + (now - ration.at) * ration.share;
  ration.at = now;
  ration.left = left > ration.saved ? ration.saved : left;
  return ration.left > 0 ? capture(ration, now) : null;
}

/** Says whether connections are held for long whose stacks were not noted: then more are. */
export function missSites(missing: boolean): void {
  connects.share = missing ? ALERT_SHARE : CONNECT_SHARE;
}

function capture(ration: Ration, now: number): Site {
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
