/**
 * One checkout: asked for, then held, then given back. It stands in pg-pool's queue in its own
 * person (pg-pool calls `callback` on what it queued), and is a node of the list of its pool's
 * waiters and afterwards of its holders, so that the oldest of either is known at any time at the
 * cost of two assignments.
 *
 * A class because one is needed for every checkout: methods that cost no allocation. One that has been
 * given back is used again for a later checkout.
 */
import type {
  CheckoutList,
  CheckoutOwner,
  ConnectCallback,
  Checkout as CheckoutShape,
  PooledClient,
  Release,
  Site,
} from "./shapes.js";

export class Checkout implements CheckoutShape {
  state: "waiting" | "held" | "done" = "waiting";
  heldSince = 0;
  leakTold = false;
  previous: CheckoutShape | null = null;
  next: CheckoutShape | null = null;
  readonly owner: CheckoutOwner;
  caller: ConnectCallback;
  askedAt: number;
  site: Site | null;
  query: boolean;

  constructor(
    owner: CheckoutOwner,
    caller: ConnectCallback,
    askedAt: number,
    site: Site | null,
    query: boolean,
  ) {
    this.owner = owner;
    this.caller = caller;
    this.askedAt = askedAt;
    this.site = site;
    this.query = query;
  }

  /** What pg-pool calls. */
  callback(error: Error | undefined, client: PooledClient | undefined, release: Release): void {
    this.owner.answered(this, error, client, release);
  }
}

export function createList(): CheckoutList {
  return { oldest: null, newest: null, size: 0 };
}

export function append(list: CheckoutList, checkout: CheckoutShape): void {
  const { newest } = list;
  checkout.previous = newest;
  checkout.next = null;
  if (newest === null) list.oldest = checkout;
  else newest.next = checkout;
  list.newest = checkout;
  list.size += 1;
}

export function remove(list: CheckoutList, checkout: CheckoutShape): void {
  const { previous, next } = checkout;
  if (previous === null) list.oldest = next;
  else previous.next = next;
  if (next === null) list.newest = previous;
  else next.previous = previous;
  checkout.previous = null;
  checkout.next = null;
  list.size -= 1;
}

/** The list from its oldest. */
export function* each(list: CheckoutList): Generator<CheckoutShape> {
  let checkout = list.oldest;
  while (checkout !== null) {
    const { next } = checkout;
    yield checkout;
    checkout = next;
  }
}
