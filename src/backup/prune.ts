/**
 * Decides which backups go. Counted are good ones only, newest first: a damaged or unfinished backup
 * never takes the place of a good one, and the newest good one always stays.
 */

export interface Candidate {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export interface PrunePlan {
  readonly keep: readonly Candidate[];
  readonly remove: readonly Candidate[];
  /** Found damaged among the newest; left for a person to look at. */
  readonly damaged: readonly Candidate[];
}

export function newestFirst<T extends Candidate>(candidates: readonly T[]): T[] {
  return [...candidates].sort((a, b) => b.time - a.time || (a.path < b.path ? 1 : -1));
}

/**
 * @param keep at least 1
 * @param isGood asked from the newest on, until `keep` good ones are found, and no further
 */
export async function planPrune<T extends Candidate>(
  candidates: readonly T[],
  keep: number,
  isGood: (candidate: T) => Promise<boolean>,
): Promise<PrunePlan> {
  const kept: T[] = [];
  const damaged: T[] = [];
  const remove: T[] = [];
  for (const candidate of newestFirst(candidates)) {
    if (kept.length >= Math.max(keep, 1)) remove.push(candidate);
    else if (await isGood(candidate)) kept.push(candidate);
    else damaged.push(candidate);
  }
  return { keep: kept, remove, damaged };
}
