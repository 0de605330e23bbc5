/** What `status` says of migrations. */
import type { Config } from "../config/config.js";
import type { Session } from "../postgres/session.js";
import { readState } from "./record.js";
import { readRevisions } from "./revisions/folder.js";
import { compareHistory, currentVersion, pendingOf } from "./revisions/history.js";

export interface MigrationStatus {
  /** The newest applied revision. */
  readonly current: string | null;
  readonly pending: readonly string[];
  /** When the schema files were last applied, ISO 8601. */
  readonly lastAppliedAt: string | null;
}

export async function migrationStatus(session: Session, config: Config): Promise<MigrationStatus> {
  const { last, revisions } = await readState(session, config.database.namespace);
  const entries = compareHistory(readRevisions(config), revisions);
  return {
    current: currentVersion(entries),
    pending: pendingOf(entries).map(({ version }) => version),
    lastAppliedAt: last === null ? null : new Date(last.appliedAt).toISOString(),
  };
}
