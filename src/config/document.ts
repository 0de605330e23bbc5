/** dazzle.toml as data: the values, and the line of every key. Pure. */

export interface Document {
  /** The file as messages name it. */
  readonly name: string;
  readonly table: Table;
  line(path: readonly string[]): number;
}

/** A table of TOML, as the parser makes it: an object without prototype. */
export type Table = Readonly<Record<string, unknown>>;

export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;
}

/** The value at `path`, or undefined. */
export function valueAt(table: Table, path: readonly string[]): unknown {
  let value: unknown = table;
  for (const key of path) value = isTable(value) ? value[key] : undefined;
  return value;
}
