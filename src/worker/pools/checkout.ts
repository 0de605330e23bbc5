/**
 * One checkout: asked for, then held, then given back. A checkout is a node of the list of its
 * pool's waiters and afterwards of the list of its holders, so that the oldest of either is known
 * at any time at the cost of two assignments.
 */

import type { ConnectCallback } from "./internals.js";

export type CheckoutState = "waiting" | "held" | "done";

export interface Checkout {
  state: CheckoutState;
  /** Milliseconds of the process's monotonic clock. */
  readonly askedAt: number;
  heldSince: number;
  /** Holds the caller's stack, formatted when read; null when it was not noted. */
  readonly site: Site | null;
  leakTold: boolean;
  /** The caller's. */
  readonly callback: ConnectCallback;
  /** What pg-pool was given in its place. */
  settle: ConnectCallback | null;
  previous: Checkout | null;
  next: Checkout | null;
}

export interface Site {
  stack?: string;
}

/** Oldest first. */
export interface CheckoutList {
  oldest: Checkout | null;
  newest: Checkout | null;
  size: number;
}

export function createList(): CheckoutList {
  return { oldest: null, newest: null, size: 0 };
}

export function append(list: CheckoutList, checkout: Checkout): void {
  const { newest } = list;
  checkout.previous = newest;
  checkout.next = null;
  if (newest === null) list.oldest = checkout;
  else newest.next = checkout;
  list.newest = checkout;
  list.size += 1;
}

export function remove(list: CheckoutList, checkout: Checkout): void {
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
export function* each(list: CheckoutList): Generator<Checkout> {
  let checkout = list.oldest;
  while (checkout !== null) {
    const { next } = checkout;
    yield checkout;
    checkout = next;
  }
}
