/**
 * Numbers the listeners of this worker that ask for the same address, as node:cluster does: the
 * first `listen(0)` of every worker shares one port, the second another.
 */
export interface Indexes {
  take(address: string): number;
  free(address: string, index: number): void;
}

export function createIndexes(): Indexes {
  const taken = new Map<string, { next: number; live: Set<number> }>();
  return {
    take(address) {
      const entry = taken.get(address) ?? { next: 0, live: new Set() };
      taken.set(address, entry);
      const index = entry.next;
      entry.next += 1;
      entry.live.add(index);
      return index;
    },
    free(address, index) {
      const entry = taken.get(address);
      entry?.live.delete(index);
      if (entry?.live.size === 0) taken.delete(address);
    },
  };
}
