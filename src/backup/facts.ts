/** What a backup says about the project besides its data. */
import type { Config } from "../config/config.js";
import { verifyPin } from "../pin/verify.js";
import type { Session } from "../postgres/session.js";

/** The installed framework's version; null when none is installed. The pin is not judged here. */
export async function installedFramework(config: Config): Promise<string | null> {
  const unpinned = { ...config, project: { ...config.project, frameworkVersion: null } };
  return (await verifyPin(unpinned)).installed;
}

/** The last revision that was applied; null when there is none. */
export async function currentRevision(session: Session, namespace: string): Promise<string | null> {
  const [found] = await session.query<{ there: boolean }>(
    "select pg_catalog.to_regclass('dazzle.revision') is not null as there",
  );
  if (found?.there !== true) return null;
  const [row] = await session.query<{ version: string }>(
    `select version from dazzle.revision where namespace = $1
      order by version collate "C" desc limit 1`,
    [namespace],
  );
  return row?.version ?? null;
}
