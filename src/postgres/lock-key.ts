/** The key of the advisory lock, documented so that any tool can take the same lock. */
import { createHash } from "node:crypto";

/**
 * The key under which everything that changes the schema of `namespace` excludes everything else
 * that does: the first eight bytes of the SHA-256 of `dazzle-supervise:NAMESPACE` (UTF-8), read as a
 * signed big-endian 64-bit integer, in decimal. In SQL, PostgreSQL 11 and later:
 *
 * ```sql
 * select ('x' || left(encode(sha256('dazzle-supervise:public'), 'hex'), 16))::bit(64)::bigint
 * ```
 *
 * PostgreSQL keeps advisory locks apart by database, so the database's name is no part of it. Nor
 * is the project's: two projects, or one that was renamed, that share a namespace must exclude
 * each other too.
 */
export function lockKey(namespace: string): string {
  const digest = createHash("sha256").update(`dazzle-supervise:${namespace}`).digest();
  return digest.readBigInt64BE(0).toString();
}
