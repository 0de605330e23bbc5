/** Makes an Alteration from the parts that differ from the usual. */
import type { Alteration } from "../changes.js";

type Parts = Pick<Alteration, "operation" | "table" | "object" | "reason" | "up" | "down"> &
  Partial<Alteration>;

export function alteration(parts: Parts): Alteration {
  return {
    kind: "alteration",
    first: [],
    cast: null,
    note: null,
    provides: [],
    needs: [],
    transactional: true,
    ...parts,
  };
}
