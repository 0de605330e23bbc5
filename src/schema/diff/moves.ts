/**
 * Certain renames of one kind, in an order in which each finds its new name free: what has the name
 * moves on first, and where names go round in a circle one of them is parked meanwhile. A hint whose
 * rename is done stays in the files: of a circle, columns and their order tell whether it is.
 */
import { withSuffix } from "../names.js";

export interface Hint {
  readonly from: string;
  readonly to: string;
}

type Step = readonly [from: string, to: string];

export interface Move extends Hint {
  /** More than one where what has the name is parked. */
  readonly steps: readonly Step[];
}

/** How what shall have the name `to` is like what has the name `from`: more is more alike. */
export type Likeness = (to: string, from: string) => number;

const PARKED = "_dazzle_parked";

/** `live` and `desired` are names in their order. */
export function movesOf(
  hints: readonly Hint[],
  live: readonly string[],
  desired: readonly string[],
  likeness: Likeness,
): Move[] {
  const present = new Set(live);
  const wanted = new Set(desired);
  let open = hints.filter(
    ({ from, to }, at) =>
      from !== to &&
      present.has(from) &&
      wanted.has(to) &&
      hints.findIndex((other) => other.from === from || other.to === to) === at,
  );
  const moves: Move[] = [];
  for (;;) {
    const next = open.find(({ to }) => !present.has(to));
    if (next === undefined) break;
    const { from, to } = next;
    moves.push({ from, to, steps: [[from, to]] });
    present.delete(from);
    present.add(to);
    open = open.filter((hint) => hint !== next);
  }
  while (open.length > 0) {
    const circle = circleFrom(open);
    if (circle.length > 1 && isOutstanding(circle, live, desired, likeness)) {
      moves.push(...round(circle));
    }
    const [first] = open;
    open = open.filter((hint) => hint !== first && !circle.includes(hint));
  }
  return moves;
}

/** From the first hint on, each followed by the one that frees its old name; empty when it ends. */
function circleFrom(hints: readonly Hint[]): Hint[] {
  const circle: Hint[] = [];
  let next = hints[0];
  while (next !== undefined && !circle.includes(next)) {
    circle.push(next);
    const { from } = next;
    next = hints.find(({ to }) => to === from);
  }
  return next === circle[0] ? circle : [];
}

function isOutstanding(
  circle: readonly Hint[],
  live: readonly string[],
  desired: readonly string[],
  likeness: Likeness,
): boolean {
  const sum = (of: (hint: Hint) => number): number =>
    circle.reduce((total, hint) => total + of(hint), 0);
  const renamed = sum(({ to, from }) => likeness(to, from));
  const done = sum(({ to }) => likeness(to, to));
  if (renamed !== done) return renamed > done;
  const was = new Map(circle.map(({ to, from }) => [to, from]));
  const order = live.filter((name) => was.has(name)).join("\0");
  const after = desired.filter((name) => was.has(name));
  if (after.join("\0") === order) return false;
  return after.map((name) => was.get(name)).join("\0") === order;
}

/** The first gives its name free by being parked, the last comes from there. */
function round(circle: readonly Hint[]): Move[] {
  return circle.map(({ from, to }, at): Move => {
    const [first] = circle;
    const parked = withSuffix(first?.to ?? "", PARKED);
    const isLast = at === circle.length - 1;
    const park: readonly Step[] = at === 0 ? [[to, parked]] : [];
    return { from, to, steps: [...park, [isLast ? parked : from, to]] };
  });
}
