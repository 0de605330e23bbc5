/** Many changes in a moment are one: an editor's save, a checkout of another branch, a formatter. */

/** After one change: an editor's save, and a second program's next to it, take a few milliseconds. */
const QUIET_MS = 60;
/** After more than one: whatever writes many files pauses for longer between them. */
const QUIET_AFTER_MORE_MS = 150;
/** A burst that does not end is handed on all the same. */
const LONGEST_MS = 3_000;

export interface Burst {
  add(path: string): void;
  close(): void;
}

/**
 * Collects paths and hands them on together. `deliver` is not called again before its promise has
 * settled: what changes meanwhile is the next burst, which ends as every burst does.
 */
export function createBurst(deliver: (paths: readonly string[]) => Promise<void>): Burst {
  const paths = new Set<string>();
  let changes = 0;
  let quiet: NodeJS.Timeout | undefined;
  let longest: NodeJS.Timeout | undefined;
  let busy = false;
  let closed = false;

  const stop = () => {
    clearTimeout(quiet);
    clearTimeout(longest);
    longest = undefined;
  };
  const wait = () => {
    if (busy || closed || paths.size === 0) return;
    clearTimeout(quiet);
    quiet = setTimeout(() => void flush(), changes > 1 ? QUIET_AFTER_MORE_MS : QUIET_MS);
    longest ??= setTimeout(() => void flush(), LONGEST_MS);
  };
  const flush = async (): Promise<void> => {
    stop();
    busy = true;
    const together = [...paths].sort();
    paths.clear();
    changes = 0;
    try {
      await deliver(together);
    } finally {
      busy = false;
    }
    wait();
  };
  return {
    add: (path) => {
      paths.add(path);
      changes += 1;
      wait();
    },
    close: () => {
      closed = true;
      stop();
    },
  };
}
