/**
 * Certain renames of one kind, in an order in which each finds its new name free: what has the name
 * moves on first, and where names go round in a circle one of them is parked meanwhile. A hint whose
 * rename is done stays in the files: of a circle, what is alike and what was noted (circles.ts) tell
 * whether it is.
 */
import { withSuffix } from "../names.js";
import { circleAt, type Hint, type Verdict } from "./circles.js";

type Step = readonly [from: string, to: string];

export interface Move extends Hint {
  /** More than one where what has the name is parked. */
  readonly steps: readonly Step[];
}

export interface Moves {
  readonly moves: readonly Move[];
  /** Circles of which nothing tells whether they are done. */
  readonly undecided: readonly (readonly Hint[])[];
}

export const NO_MOVES: Moves = { moves: [], undecided: [] };

const PARKED = "_dazzle_parked";

export function movesOf(
  hints: readonly Hint[],
  live: readonly string[],
  desired: readonly string[],
  verdict: (circle: readonly Hint[]) => Verdict,
): Moves {
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
  const undecided: (readonly Hint[])[] = [];
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
    const circle = circleAt(open);
    const judged = circle.length > 1 ? verdict(circle) : "done";
    if (judged === "outstanding") moves.push(...round(circle));
    if (judged === "unknown") undecided.push(circle);
    const [first] = open;
    open = open.filter((hint) => hint !== first && !circle.includes(hint));
  }
  return { moves, undecided };
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
