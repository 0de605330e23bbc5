/** Upgrade, downgrade and stamp. The caller holds the migration lock. */
import type { Session } from "../../postgres/session.js";
import { readState } from "../record.js";
import { ensureState } from "../state.js";
import type { Revision } from "./file.js";
import { compareVersions, readRevisions } from "./folder.js";
import { forgetFounding, placeOf, readFounding, type Founding } from "./founding.js";
import {
  compareHistory,
  currentVersion,
  pendingOf,
  refuseBroken,
  type HistoryEntry,
} from "./history.js";
import { clearAllProgress } from "./progress.js";
import { runRevision, sectionOf, type RunOptions } from "./run.js";
import { splitSection } from "./statements.js";
import { resolveStep, resolveTarget, upTo } from "./target.js";

export async function readHistory(
  session: Session,
  { config }: Pick<RunOptions, "config">,
): Promise<HistoryEntry[]> {
  const { revisions } = await readState(session, config.database.namespace);
  return compareHistory(readRevisions(config), revisions);
}

export interface Chosen {
  readonly entries: readonly HistoryEntry[];
  readonly revisions: readonly Revision[];
}

/** The pending revisions up to `target`, in order. */
export async function chooseUpgrade(
  session: Session,
  target: string,
  options: RunOptions,
): Promise<Chosen> {
  const entries = await readHistory(session, options);
  refuseBroken(entries, options.config.database.revisions);
  const until = resolveStep(target, entries, currentVersion(entries), "up");
  return { entries, revisions: pendingOf(entries).filter(({ version }) => upTo(version, until)) };
}

/** The applied revisions behind `target`, newest first. */
export async function chooseDowngrade(
  session: Session,
  target: string,
  options: RunOptions,
): Promise<Chosen> {
  const entries = await readHistory(session, options);
  refuseBroken(entries, options.config.database.revisions);
  const until = resolveStep(target, entries, currentVersion(entries), "down");
  const revisions = entries
    .flatMap(({ appliedAt, revision }) =>
      appliedAt === null || revision === null || upTo(revision.version, until) ? [] : [revision],
    )
    .reverse();
  // All of them have to have a way back before the first is undone.
  for (const revision of revisions) sectionOf(revision, "down");
  return { entries, revisions };
}

export async function runAll(
  session: Session,
  { revisions, entries }: Chosen,
  direction: "up" | "down",
  options: RunOptions,
): Promise<string[]> {
  if (revisions.length > 0) await ensureState(session);
  const { namespace } = options.config.database;
  const versions =
    revisions.length > 0 && direction === "up" ? await readFounding(session, namespace) : null;
  const all = [...entries.flatMap(({ revision }) => revision ?? []), ...revisions];
  const founding =
    versions === null || versions.size === 0
      ? undefined
      : { versions, ...(await takenAwayBy(all)) };
  for (const revision of revisions) {
    await runRevision(session, revision, direction, { ...options, founding });
  }
  return revisions.map(({ version, name }) => `${version}_${name}`);
}

/** Records exactly the revisions up to `target` as applied, without running anything. */
export async function stamp(
  session: Session,
  target: string,
  options: RunOptions,
): Promise<string[]> {
  await ensureState(session);
  const entries = await readHistory(session, options);
  const until = resolveTarget(target, entries);
  const marked = entries.flatMap(({ revision }) =>
    revision !== null && upTo(revision.version, until) ? [revision] : [],
  );
  await session.query("begin read write");
  try {
    await recordStamp(session, options.config.database.namespace, marked);
    await clearAllProgress(session, options.config.database.namespace);
    await session.query("commit");
  } catch (error) {
    if (!session.lost.aborted) await session.query("rollback");
    throw error;
  }
  return marked.map(({ version, name }) => `${version}_${name}`);
}

/** `revisions` become the whole list; what was applied before keeps its time. */
async function recordStamp(
  session: Session,
  namespace: string,
  revisions: readonly Revision[],
): Promise<void> {
  await session.query(
    "delete from dazzle.revision where namespace = $1 and not version = any ($2::text[])",
    [namespace, revisions.map(({ version }) => version)],
  );
  for (const { version, name, checksum } of revisions)
    await record(session, namespace, version, name, checksum);
}

async function record(
  session: Session,
  namespace: string,
  version: string,
  name: string,
  checksum: string,
): Promise<void> {
  await session.query(
    `insert into dazzle.revision (namespace, version, name, checksum) values ($1, $2, $3, $4)
     on conflict (namespace, version) do update set name = excluded.name, checksum = excluded.checksum`,
    [namespace, version, name, checksum],
  );
}

/** Names that revisions take away, and renames whose old name comes back. */
async function takenAwayBy(
  revisions: readonly Revision[],
): Promise<Pick<Founding, "gone" | "renamedLater">> {
  const inOrder = [...new Map(revisions.map((revision) => [revision.version, revision])).values()];
  inOrder.sort((a, b) => compareVersions(a.version, b.version));
  const statements = (
    await Promise.all(
      inOrder.map(async (revision) =>
        (await splitSection(revision, revision.up)).map((statement) => ({ revision, statement })),
      ),
    )
  ).flat();
  const renamedLater = new Set<string>();
  const brought = new Set<string>();
  for (const { revision, statement } of statements.reverse()) {
    const { renames, brings } = statement.movements;
    if (renames !== null && brought.has(renames)) {
      renamedLater.add(placeOf(revision.version, statement));
    }
    for (const name of brings) brought.add(name);
  }
  return { gone: new Set(statements.flatMap(({ statement }) => statement.takes)), renamedLater };
}

/**
 * A database made from the schema files has what autogenerated revisions do. Those that a person has
 * added to, and those behind a hand-written one, run like that one.
 */
export async function stampAutogenerated(
  session: Session,
  pending: readonly Revision[],
  namespace: string,
): Promise<Revision[]> {
  const rest: Revision[] = [];
  for (const revision of pending) {
    if (rest.length === 0 && revision.autogenerated && (await statesOnly(revision))) {
      await record(session, namespace, revision.version, revision.name, revision.checksum);
      await forgetFounding(session, namespace, revision.version);
    } else rest.push(revision);
  }
  return rest;
}

async function statesOnly(revision: Revision): Promise<boolean> {
  const statements = await splitSection(revision, revision.up);
  return statements.every(
    ({ done, control, sql }) =>
      control !== null || (done.states.size > 0 && !done.ifGone) || /^\s*select\b/i.test(sql),
  );
}
