/** Types that are made of other types. */
import type { Composite, Domain } from "../model.js";

/** Whether the domain or composite type holds `type`, or an array of it. */
export function isMadeOf(other: Domain | Composite, type: string): boolean {
  const types = "attributes" in other ? other.attributes.map((item) => item.type) : [other.type];
  return types.some((item) => item === type || item === `${type}[]`);
}
