/** dazzle.toml as data: the values, and the line of every key. */
import { parse, TomlError, type TomlTable, type TomlValue } from "smol-toml";
import { locateKeys } from "./positions.js";
import type { Problem } from "./problem.js";

export interface Document {
  /** The file as messages name it. */
  readonly name: string;
  readonly table: TomlTable;
  line(path: readonly string[]): number;
}

export type ParsedDocument =
  { document: Document; problem: null } | { document: null; problem: Problem };

/** `name` is what messages call the file. Integers become bigint, so that `5.0` is told from `5`. */
export function parseDocument(text: string, name: string): ParsedDocument {
  try {
    const table = parse(text, { integersAsBigInt: true });
    const positions = locateKeys(text);
    return { document: { name, table, line: (path) => positions.line(path) }, problem: null };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message quotes the text, which may hold a password.
    const said = /^Invalid TOML document: (.*)$/m.exec(error.message)?.[1] ?? "not understood";
    return {
      document: null,
      problem: {
        code: "CONFIG_INVALID",
        what: `invalid TOML: ${said}`,
        where: `${name}:${error.line}:${error.column}`,
        remedy: said.includes("redefine")
          ? "each table and key may stand once: merge the two"
          : "correct the syntax there (text needs quotes, https://toml.io)",
      },
    };
  }
}

export function isTable(value: TomlValue | undefined): value is TomlTable {
  return (
    typeof value === "object" && !Array.isArray(value) && Object.getPrototypeOf(value) === null
  );
}

/** The value at `path`, or undefined. */
export function valueAt(table: TomlTable, path: readonly string[]): TomlValue | undefined {
  let value: TomlValue | undefined = table;
  for (const key of path) value = isTable(value) ? value[key] : undefined;
  return value;
}
