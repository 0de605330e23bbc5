/**
 * A file that changes because of the reload it causes (a log, a cache, a generated client) would
 * reload for ever. After it has changed in this many reloads running, it is left out.
 */
const TOO_OFTEN = 3;

export interface SelfMade {
  /** A reload begins because of these. */
  begun(paths: readonly string[]): void;
  /** Changed while the reload ran. Returns true once the file is to be left out from now on. */
  during(path: string): boolean;
  isLeftOut(path: string): boolean;
}

export function watchSelfMade(): SelfMade {
  const leftOut = new Set<string>();
  let suspects = new Map<string, number>();
  let seen = new Set<string>();
  return {
    begun: (paths) => {
      // Only what changed during the last reload and caused this one goes on being suspected.
      suspects = new Map([...suspects].filter(([path]) => seen.has(path) && paths.includes(path)));
      seen = new Set();
    },
    during: (path) => {
      if (seen.has(path)) return false;
      seen.add(path);
      const times = (suspects.get(path) ?? 0) + 1;
      suspects.set(path, times);
      if (times < TOO_OFTEN) return false;
      leftOut.add(path);
      return true;
    },
    isLeftOut: (path) => leftOut.has(path),
  };
}
