/** CREATE EXTENSION and COMMENT ON EXTENSION, read from the tree: they are never run in scratch when installed. */
import type { Node } from "@pgsql/types";
import { stringOf } from "./ast.js";
import type { WantedExtension } from "./statement.js";

/** True when `node` was about an extension; what it says is then in `into`. */
export function readExtension(node: Node, into: Map<string, WantedExtension>): boolean {
  if ("CreateExtensionStmt" in node) {
    const { extname = "", options } = node.CreateExtensionStmt;
    const option = (name: string): string | null => {
      for (const item of options ?? []) {
        if ("DefElem" in item && item.DefElem.defname === name) {
          return stringOf(item.DefElem.arg) ?? null;
        }
      }
      return null;
    };
    const comment = into.get(extname)?.comment ?? null;
    into.set(extname, {
      name: extname,
      schema: option("schema"),
      version: option("new_version"),
      comment,
    });
    return true;
  }
  if ("CommentStmt" in node && node.CommentStmt.objtype === "OBJECT_EXTENSION") {
    const name = stringOf(node.CommentStmt.object) ?? "";
    const known = into.get(name) ?? { name, schema: null, version: null };
    into.set(name, { ...known, comment: node.CommentStmt.comment ?? null });
    return true;
  }
  return false;
}
