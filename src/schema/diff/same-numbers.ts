/** Whether two identity columns give the same numbers, by the same rule. */
import { ofColumn, sequenceClauses } from "../create-sql.js";
import type { Column } from "../model.js";

/** What follows from the type (the sequence's own and its largest value) changes with the column's. */
const options = ({ identity, type }: Column): string =>
  identity === null ? "" : sequenceClauses(ofColumn(identity.options, type), type).join(" ");

export const sameNumbers = (one: Column, other: Column): boolean =>
  one.identity?.always === other.identity?.always && options(one) === options(other);
