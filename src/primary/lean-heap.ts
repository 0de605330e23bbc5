/**
 * Imported by bin/supervise.js before anything else. The supervisor mostly waits, so V8 is told to keep small instead of fast. Its
 * young generation does not grow, and the optimizing compiler, of which 3.5 MB of code come into
 * memory with the first function that it compiles, is left alone until there is work for it.
 */
import { setFlagsFromString } from "node:v8";

/** Lines of workers' output in a second above which the supervisor counts as busy. */
const BUSY_LINES = 2_000;

setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--max-optimized-bytecode-size=0");

let fast = false;

/** There is work: V8's own defaults again, for good. */
export function becomeFast(): void {
  if (fast) return;
  fast = true;
  setFlagsFromString("--semi-space-growth-factor=2");
  setFlagsFromString("--max-optimized-bytecode-size=61440");
}

/** Counts lines; many of them make fast. */
export function createLineMeter(clock: () => number): (lines: number) => void {
  let since = clock();
  let counted = 0;
  return (lines) => {
    const now = clock();
    if (now - since > 1_000) {
      since = now;
      counted = 0;
    }
    counted += lines;
    if (counted > BUSY_LINES) becomeFast();
  };
}
