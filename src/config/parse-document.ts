/** Reads the text of dazzle.toml. */
import { parse, TomlError } from "smol-toml";
import type { Document } from "./document.js";
import { locateKeys } from "./positions.js";
import type { Problem } from "./problem.js";

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
