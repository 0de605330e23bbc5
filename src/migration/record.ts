/** Reads and writes the newest row of dazzle.applied: what the last apply left behind. */
import type { Alteration } from "../schema/changes.js";
import type { Cost } from "../schema/cost.js";
import type { Circle } from "../schema/diff/circles.js";
import { fingerprintQuery } from "../schema/fingerprint.js";
import type { Backfill, Step } from "../schema/steps.js";
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";

/** Raised when what is recorded, or how it is compared, changes its meaning. */
export const FORMAT = 8;

export interface OwnedNames {
  readonly tables: readonly string[];
  readonly types: readonly string[];
  readonly sequences: readonly string[];
  /** Names that change places; missing where an older version wrote it. */
  readonly circles?: readonly Circle[];
}

/** An unsafe change as the plan reports it. */
export type Outstanding = Pick<Alteration, "operation" | "table" | "object" | "reason"> &
  Cost & { readonly suggestion: string };

export interface LastApplied {
  readonly id: string;
  readonly appliedAt: string;
  readonly schemaHash: string | null;
  readonly serverVersionNum: number | null;
  readonly format: number | null;
  readonly fingerprint: string | null;
  readonly outstanding: readonly Outstanding[];
  readonly owned: OwnedNames;
  readonly unfinished: readonly Backfill[];
}

/** What is in the database now, in one round trip. */
export interface Recorded {
  /** Null: nothing was ever applied here. */
  readonly last: LastApplied | null;
  /** Null when the namespace does not exist. */
  readonly fingerprint: string | null;
  /** Versions with their checksums, in order. */
  readonly revisions: readonly AppliedRevision[];
}

export interface AppliedRevision {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly appliedAt: string;
}

interface Row {
  last: LastApplied | null;
  fingerprint: string | null;
  revisions: AppliedRevision[] | null;
}

const READ = (fingerprint: string): string => `
  select ${fingerprint} as fingerprint,
    (select json_build_object('id', id::text, 'appliedAt', applied_at, 'schemaHash', schema_hash,
        'serverVersionNum', server_version_num, 'format', format, 'fingerprint', fingerprint,
        'outstanding', coalesce(outstanding, '[]'), 'owned', owned, 'unfinished', unfinished)
      from dazzle.applied where namespace = $1 order by id desc limit 1) as last,
    (select json_agg(json_build_object('version', version, 'name', name, 'checksum', checksum,
        'appliedAt', applied_at) order by version)
      from dazzle.revision where namespace = $1) as revisions`;

const NOTHING: Recorded = { last: null, fingerprint: null, revisions: [] };

export function readRecord(session: Session, namespace: string): Promise<Recorded> {
  return read(session, namespace, fingerprintQuery("$1"));
}

/** Where the catalog's fingerprint is not asked for. */
export function readState(
  session: Session,
  namespace: string,
): Promise<Omit<Recorded, "fingerprint">> {
  return read(session, namespace, "null");
}

async function read(session: Session, namespace: string, fingerprint: string): Promise<Recorded> {
  try {
    const [row] = await session.query<Row>(READ(fingerprint), [namespace]);
    if (row === undefined) return NOTHING;
    return { last: row.last, fingerprint: row.fingerprint, revisions: row.revisions ?? [] };
  } catch (error) {
    const state = sqlstateOf(error);
    if (state === SQLSTATE.undefinedTable || state === SQLSTATE.noSuchSchema) return NOTHING;
    throw error;
  }
}

export interface NewRecord {
  readonly statements: readonly string[];
  readonly schemaHash: string;
  readonly serverVersionNum: number;
  readonly fingerprint: string | null;
  readonly outstanding: readonly Outstanding[];
  readonly owned: OwnedNames;
}

/** Opens the row of an apply that is about to run, with what was ours and unfinished before. */
export async function openRecord(
  session: Session,
  namespace: string,
  last: LastApplied | null,
  circles: readonly Circle[],
): Promise<LastApplied> {
  await session.query(
    `insert into dazzle.applied (namespace, statements, owned, unfinished) values ($1, '{}', $2, $3)`,
    [
      namespace,
      JSON.stringify({ ...(last?.owned ?? { tables: [], types: [], sequences: [] }), circles }),
      JSON.stringify(last?.unfinished ?? []),
    ],
  );
  const opened = (await readState(session, namespace)).last;
  if (opened === null) throw new Error("the row of dazzle.applied that was just written is gone");
  return opened;
}

/** Completes the row of an apply, or brings the newest one up to date when nothing ran. */
export async function writeRecord(
  session: Session,
  recordId: string,
  record: NewRecord,
): Promise<void> {
  await session.query(
    `update dazzle.applied set schema_hash = $2, server_version_num = $3, format = $4,
       fingerprint = $5, outstanding = $6, owned = $7, unfinished = '[]', statements = statements || $8::text[]
     where id = $1`,
    [
      recordId,
      record.schemaHash,
      record.serverVersionNum,
      FORMAT,
      record.fingerprint,
      JSON.stringify(record.outstanding),
      JSON.stringify(record.owned),
      record.statements,
    ],
  );
}

/** Notes a backfill as begun or done, in the transaction that it belongs to. */
export async function markBackfill(
  session: Session,
  recordId: string,
  { of, phase }: NonNullable<Step["backfill"]>,
): Promise<void> {
  if (phase === "run") return;
  const without = `(select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(unfinished) e where e <> $2)`;
  const value = phase === "begin" ? `${without} || jsonb_build_array($2::jsonb)` : without;
  await session.query(`update dazzle.applied set unfinished = ${value} where id = $1`, [
    recordId,
    JSON.stringify({ table: of.table, column: of.column }),
  ]);
}
