/** Where a sequence stands, when its bounds or its column change. */
import { key } from "../changes.js";
import { sequencesOf } from "../dependencies.js";
import type { Column, Model, SequenceOptions, Table } from "../model.js";
import { id, literal, qualified } from "../names.js";

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
  const next = behind(column, options, []);
  return `SELECT setval(${sequence}, ${next}, false) FROM ${qualified(namespace, table)}`;
}

function behind(column: string, options: SequenceOptions, others: readonly string[]): string {
  const down = descends(options);
  const [most, far, step] = down ? ["least", "min", "- 1"] : ["greatest", "max", "+ 1"];
  const all = [`coalesce(${far}(${column}) ${step}, ${options.start})`, options.start, ...others];
  return `${most}(${all.join(", ")})`;
}

/**
 * Sets a sequence that the column's default begins to use behind the values that are there, and never
 * back. `model` has the default, `other` is what it comes from. One that other columns use is theirs.
 */
export function startBehind(table: Table, column: Column, model: Model, other: Model): string[] {
  const [used, ...more] = sequencesOf([column]);
  const sequence = model.sequences.find(({ name }) => key.sequence(name) === used);
  if (used === undefined || sequence === undefined || more.length > 0) return [];
  if (!/^(?:smallint|integer|bigint)$/.test(column.type)) return [];
  const users = ({ tables }: Model): number =>
    tables
      .flatMap(({ columns }) => columns)
      .filter((item) => !item.inherited && sequencesOf([item]).includes(used)).length;
  if (users(model) > 1 || users(other) > 0) return [];
  const name = literal(qualified(model.namespace, sequence.name));
  const last = `pg_sequence_last_value(${name}) + (${sequence.increment})`;
  return [
    `SELECT setval(${name}, ${behind(id(column.name), sequence, [last])}, false) FROM ${qualified(model.namespace, table.name)}`,
  ];
}
