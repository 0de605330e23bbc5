/** `backup verify`: reads an archive whole and holds everything against what it declares. */
import { createByteReader } from "./archive/byte-reader.js";
import { withArchive, type ArchiveInfo } from "./archive/archive-reader.js";
import { scanArchive } from "./archive/scan.js";
import { checkDump } from "./dump/check-dump.js";
import type { Metadata } from "./metadata.js";
import type { Progress } from "./progress.js";
import { interrupted } from "./refusals.js";

/**
 * @throws ARCHIVE_INVALID (65) naming what is wrong, INPUT_NOT_FOUND (66), INTERRUPTED (130)
 */
export function verifyArchive(
  path: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<ArchiveInfo> {
  return withArchive(path, async (file, info) => {
    progress.phase("verify", info.metadata.sizes.total);
    await scanArchive(file, info, {
      database: (entry, content) => checkDatabaseMember(info.metadata, entry.path, content),
      progress: (bytes) => {
        if (signal?.aborted === true) throw interrupted();
        progress.add(bytes);
      },
    });
    return info;
  });
}

/** Beyond its checksum, a dump must be one that a restore can read, whole. */
export async function checkDatabaseMember(
  metadata: Metadata,
  path: Buffer,
  content: AsyncIterable<Buffer>,
): Promise<void> {
  if (metadata.engine !== "pg_dump") return;
  await checkDump(createByteReader(content), metadata, path.toString("utf8"));
}
