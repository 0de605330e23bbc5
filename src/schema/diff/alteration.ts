/** Makes an Alteration from the parts that differ from the usual. */
import type { Alteration, Undo } from "../changes.js";

type Parts = Pick<Alteration, "operation" | "table" | "object" | "reason" | "up" | "down"> &
  Partial<Alteration>;

/** Nothing but what is said. */
export const undo = (parts: Partial<Undo>): Undo => ({
  first: [],
  keys: [],
  references: [],
  names: [],
  ...parts,
});

export function alteration(parts: Parts): Alteration {
  return {
    kind: "alteration",
    first: [],
    last: [],
    standing: new Map(),
    newName: null,
    undo: undo({}),
    cast: null,
    retyped: null,
    elsewhere: null,
    note: null,
    provides: [],
    needs: [],
    transactional: true,
    ...parts,
  };
}
