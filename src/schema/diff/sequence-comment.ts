/** The comment on an identity column's own sequence. */
import { key, type Addition } from "../changes.js";
import type { Column, Table } from "../model.js";
import { qualified } from "../names.js";
import { commentChange } from "./comments.js";
import type { Scope } from "./scope.js";

/** Files that comment on it spell out its name, so that one that is new has it. */
export function sequenceComment(
  { name: table }: Table,
  live: Column | undefined,
  { name, identity }: Column,
  { namespace }: Scope,
): Addition | null {
  const sequence = identity?.sequence ?? live?.identity?.sequence ?? null;
  if (identity === null || sequence === null) return null;
  return commentChange(live?.identity ?? undefined, identity, {
    table,
    object: sequence,
    target: `SEQUENCE ${qualified(namespace, sequence)}`,
    needs: [key.table(table), key.column(table, name), key.identity(table, name)],
  });
}
