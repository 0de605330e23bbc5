/**
 * What the server made of the schema files, kept beside the record of the last apply, so that after
 * a change only the changed part is created in scratch again.
 */
import { productVersion } from "../config/version.js";
import type { Session } from "../postgres/session.js";
import { SQLSTATE, sqlstateOf } from "../postgres/sqlstate.js";
import type { Digest } from "../schema/digest.js";
import type { Memo } from "../schema/memo.js";
import type { Fragment } from "../schema/units.js";
import { FORMAT } from "./record.js";
import type { Remembered } from "./remembered.js";

export interface Cache {
  readonly fragments: ReadonlyMap<string, Fragment>;
  /** Pairs of spellings that mean the same (settle.ts). */
  readonly settled: ReadonlySet<string>;
  /** What the statements of the files said (schema/memo.ts). */
  readonly memo: Memo;
  readonly live: LiveSnapshot | null;
}

/** What the catalog held, good for as long as both of its signs are the same. */
export interface LiveSnapshot {
  /** Of the namespace (schema/fingerprint.ts). */
  readonly fingerprint: string;
  /** Of what its objects refer to elsewhere. */
  readonly surroundings: string;
  readonly parts: Remembered;
}

export const NO_CACHE: Cache = {
  fragments: new Map(),
  settled: new Set(),
  memo: new Map(),
  live: null,
};

interface Stored {
  readonly fragments: Readonly<Record<string, Fragment>>;
  readonly settled: readonly string[];
  /** Good for the program that wrote it: another version may read a statement otherwise. */
  readonly memo: { readonly version: string; readonly digests: Readonly<Record<string, Digest>> };
  readonly live?: LiveSnapshot | null;
}

/** The row's format says what is inside; this keeps what somebody else put there from being taken for it. */
const isStored = (value: unknown): value is Stored =>
  typeof value === "object" &&
  value !== null &&
  "fragments" in value &&
  "settled" in value &&
  "memo" in value;

export async function readCache(session: Session, namespace: string): Promise<Cache> {
  try {
    // As text: a cast to json would let the server read megabytes only to check them.
    const [row] = await session.query<{ stored: string }>(
      `select desired as stored from dazzle.applied
       where namespace = $1 and desired is not null and format = $2 order by id desc limit 1`,
      [namespace, FORMAT],
    );
    if (row === undefined) return NO_CACHE;
    const stored: unknown = JSON.parse(row.stored);
    if (!isStored(stored)) return NO_CACHE;
    const { fragments, settled, memo, live } = stored;
    return {
      fragments: new Map(Object.entries(fragments)),
      settled: new Set(settled),
      memo: new Map(memo.version === productVersion() ? Object.entries(memo.digests) : []),
      live: live ?? null,
    };
  } catch (error) {
    const state = sqlstateOf(error);
    if (state === SQLSTATE.undefinedTable || state === SQLSTATE.noSuchSchema) return NO_CACHE;
    throw error;
  }
}

/** Kept once, with the newest row. */
export async function writeCache(
  session: Session,
  namespace: string,
  recordId: string,
  cache: Cache,
): Promise<void> {
  const stored: Stored = {
    fragments: Object.fromEntries(cache.fragments),
    settled: [...cache.settled],
    memo: { version: productVersion(), digests: Object.fromEntries(cache.memo) },
    live: cache.live,
  };
  await session.query(
    `update dazzle.applied set desired = case when id = $2 then $3 end
     where namespace = $1 and (id = $2 or desired is not null)`,
    [namespace, recordId, JSON.stringify(stored)],
  );
}
