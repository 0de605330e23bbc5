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
  /** The statement that an earlier run had begun when it was killed or lost: it may be done as well. */
  readonly begun: string | null;
  /** Before a statement that runs in no transaction. */
  begin(statement: RevisionStatement): Promise<void>;
  /** The statement that was begun has failed. */
  abandon(): Promise<void>;
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
  const [row] = await session.query<{ statements: string[]; unfinished: string[] }>(
    "select statements, unfinished from dazzle.applied where namespace = $1",
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
  const keep = async (sqls: readonly string[], unfinished: readonly string[]): Promise<void> => {
    const values = [name, sqls, JSON.stringify(unfinished)];
    const updated = await session.query(
      "update dazzle.applied set statements = statements || $2::text[], unfinished = $3 where namespace = $1 returning id",
      values,
    );
    if (updated.length > 0) return;
    await session.query(
      "insert into dazzle.applied (namespace, statements, owned, unfinished) values ($1, $2, '{}', $3)",
      values,
    );
  };
  return {
    done: ran.length,
    begun: row?.unfinished[0] ?? null,
    begin: ({ sql }) => keep([], [sql]),
    abandon: () => keep([], []),
    note: (more) =>
      keep(
        more.map(({ sql }) => sql),
        [],
      ),
    clear: async () => {
      await session.query("delete from dazzle.applied where namespace = $1", [name]);
    },
  };
}
