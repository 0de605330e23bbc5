/** A stable topological sort: things in their given order, except where one needs another first. */

export interface Node<T> {
  readonly item: T;
  readonly provides: readonly string[];
  readonly needs: readonly string[];
}

/** Items of a cycle stay in the given order; what cannot be satisfied from the list is ignored. */
export function sortByNeeds<T>(nodes: readonly Node<T>[]): T[] {
  const providers = new Map<string, Node<T>[]>();
  for (const node of nodes) {
    for (const name of node.provides) {
      const known = providers.get(name);
      if (known === undefined) providers.set(name, [node]);
      else known.push(node);
    }
  }
  const sorted: T[] = [];
  const seen = new Set<Node<T>>();
  for (const first of nodes) {
    // An explicit stack: chains of thousands of tables would overflow the call stack.
    const stack: { node: Node<T>; pending: Node<T>[] }[] = [];
    const enter = (node: Node<T>): void => {
      if (seen.has(node)) return;
      seen.add(node);
      stack.push({ node, pending: node.needs.flatMap((need) => providers.get(need) ?? []) });
    };
    enter(first);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.pending.shift();
      if (next !== undefined) enter(next);
      else {
        sorted.push(top.node.item);
        stack.pop();
      }
    }
  }
  return sorted;
}
