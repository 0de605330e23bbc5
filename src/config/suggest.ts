/** The nearest of a list of names: what "did you mean" says. */

/** Small and capital letters, hyphens, underscores and dots count as the same. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_.\s]/g, "");

/** Insertions, deletions, substitutions and swaps of neighbours that turn `from` into `to`. */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + (same ? 0 : 1),
          swapped && row > 1 && column > 1 ? (before[column - 2] ?? 0) + 1 : Infinity,
        ),
      );
    }
    before = above;
    above = current;
  }
  return above[to.length] ?? 0;
}

/** A typing error, a beginning (`prod`) or another spelling (`maxRestarts`) costs less than a third. */
function cost(written: string, name: string): number {
  const [from, to] = [plain(written), plain(name)];
  if (from === to) return 0;
  const longest = Math.max(from.length, to.length);
  const beginning = from.length >= 3 && (to.startsWith(from) || from.startsWith(to));
  return Math.min(distance(from, to) / longest, beginning ? 0.3 : 1);
}

/** Further than this from every name, a suggestion misleads more than it helps. */
const NEAR = 0.45;

/** The name nearest to `written`, or null when `names` has none that is near. */
export function nearest(written: string, names: readonly string[]): string | null {
  let best: { name: string; cost: number } | null = null;
  for (const name of names) {
    const found = cost(written.slice(0, 100), name);
    if (found <= NEAR && (best === null || found < best.cost)) best = { name, cost: found };
  }
  return best?.name ?? null;
}
