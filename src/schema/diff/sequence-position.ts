/** Where a sequence stands, when its bounds or its column change. */
import type { SequenceOptions } from "../model.js";
import { qualified } from "../names.js";

const descends = ({ increment }: SequenceOptions): boolean => increment.startsWith("-");

/**
 * The change of options that `alter` writes, with the sequence moved to the nearest value within the
 * new bounds before, or started anew where old and new bounds have no value in common. `name` is SQL
 * text for the sequence's name.
 */
export function movedInto(
  name: string,
  from: SequenceOptions,
  to: SequenceOptions,
  alter: (restart: readonly string[]) => string,
): string[] {
  const [low, high] = [BigInt(to.min), BigInt(to.max)];
  const [oldLow, oldHigh] = [BigInt(from.min), BigInt(from.max)];
  if (low <= oldLow && high >= oldHigh) return [alter([])];
  if (low > oldHigh || high < oldLow) return [alter([`RESTART WITH ${to.start}`])];
  const [least, greatest] = [low > oldLow ? low : oldLow, high < oldHigh ? high : oldHigh];
  const within = descends(to) ? `last <= ${greatest}` : `last >= ${least}`;
  const move = `SELECT setval(seq, least(greatest(coalesce(last, ${to.start}), ${least}), ${greatest}), coalesce(${within}, false)) FROM (SELECT seq, pg_sequence_last_value(seq) AS last FROM (SELECT ${name}::regclass AS seq) AS named) AS standing`;
  return [move, alter([])];
}

/** Sets the sequence behind every value that the column holds. */
export function setBehind(
  sequence: string,
  column: string,
  options: SequenceOptions,
  namespace: string,
  table: string,
): string {
  const next = descends(options)
    ? `least(coalesce(min(${column}) - 1, ${options.start}), ${options.start})`
    : `greatest(coalesce(max(${column}) + 1, ${options.start}), ${options.start})`;
  return `SELECT setval(${sequence}, ${next}, false) FROM ${qualified(namespace, table)}`;
}
