/**
 * How far a revision came that does not run in one transaction: the statements that are done, as
 * they were. They are a row of dazzle.applied under a name of their own until the revision is
 * recorded, so that a run that failed or was killed goes on where it ended.
 */
import { SuperviseError } from "../../errors.js";
import type { Session } from "../../postgres/session.js";
import type { Revision } from "./file.js";
import type { RevisionStatement } from "./statements.js";

const nameOf = (namespace: string, { version }: Revision, direction: string): string =>
  `${namespace} revision ${version} ${direction}`;

/** A person has said how things stand. */
export async function clearAllProgress(session: Session, namespace: string): Promise<void> {
  await session.query("delete from dazzle.applied where starts_with(namespace, $1)", [
    `${namespace} revision `,
  ]);
}

export interface Progress {
  /** Statements that an earlier run has done. */
  readonly done: number;
  note(statements: readonly RevisionStatement[]): Promise<void>;
  clear(): Promise<void>;
}

/** @throws SuperviseError REVISION_INVALID when a statement that ran was edited since. */
export async function openProgress(
  session: Session,
  namespace: string,
  revision: Revision,
  direction: string,
  statements: readonly RevisionStatement[],
): Promise<Progress> {
  const name = nameOf(namespace, revision, direction);
  const [row] = await session.query<{ statements: string[] }>(
    "select statements from dazzle.applied where namespace = $1",
    [name],
  );
  const ran = row?.statements ?? [];
  const edited = ran.findIndex((sql, index) => statements[index]?.sql !== sql);
  if (edited >= 0) {
    throw new SuperviseError("REVISION_INVALID", {
      what: `statement ${edited + 1} of revision ${revision.version}_${revision.name} ran already, and was edited since: ${ran[edited] ?? ""}`,
      where: `${revision.file}:${statements[edited]?.line ?? 1}`,
      remedy: `bring it back as it was, or finish by hand and mark it: supervise db stamp ${revision.version}`,
    });
  }
  return {
    done: ran.length,
    note: async (more) => {
      const sqls = more.map(({ sql }) => sql);
      const updated = await session.query(
        "update dazzle.applied set statements = statements || $2::text[] where namespace = $1 returning id",
        [name, sqls],
      );
      if (updated.length > 0) return;
      await session.query(
        "insert into dazzle.applied (namespace, statements, owned, unfinished) values ($1, $2, '{}', '[]')",
        [name, sqls],
      );
    },
    clear: async () => {
      await session.query("delete from dazzle.applied where namespace = $1", [name]);
    },
  };
}
