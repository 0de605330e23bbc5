/**
 * One supervisor of a project at a time starts, adopts or creates its server. A file that exists
 * only while its writer lives; one that was left behind by a killed process is taken away. It
 * saves work rather than data: two servers on one folder are prevented by PostgreSQL itself, and
 * a new data folder appears by rename.
 */
import { randomBytes } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SuperviseError } from "../../errors.js";
import { birthOf, isAlive } from "./process.js";
import { attempt, errorCode } from "./run.js";

/** Longer than the slowest start, crash recovery included. */
const PATIENCE_MS = 120_000;

/** Takes the lock at `path`, waiting for another holder; the result gives it back. */
export async function takeStartLock(path: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${await birthOf(process.pid)} ${randomBytes(6).toString("hex")}\n`;
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await create(path, mine))) {
    const holder = await attempt(() => readFile(path, "utf8"));
    if (holder !== null && !(await holds(holder, path))) await discard(path, holder);
    else if (performance.now() > deadline) throw stuck(path, holder ?? "");
    else await sleep(20);
  }
  return async () => {
    if ((await attempt(() => readFile(path, "utf8"))) === mine) await rm(path, { force: true });
  };
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function holds(content: string, path: string): Promise<boolean> {
  const [pid, birth] = content.trim().split(" ");
  if (pid === undefined || !/^[1-9]\d*$/.test(pid)) {
    // Created, and not written yet: that lasts no longer than an instant.
    const file = await attempt(() => stat(path));
    return file !== null && Date.now() - file.mtimeMs < 2_000;
  }
  if (!(await isAlive(Number(pid)))) return false;
  return birth === undefined || birth === (await birthOf(Number(pid)));
}

/** Takes a dead holder's file away; if it turns out to be a newer, living one, puts it back. */
async function discard(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  if ((await attempt(() => rename(path, aside).then(() => true))) === null) return;
  const moved = await readFile(aside, "utf8");
  if (moved !== stale) await create(path, moved);
  await rm(aside, { force: true });
}

function stuck(path: string, holder: string): SuperviseError {
  return new SuperviseError("EMBEDDED_UNAVAILABLE", {
    what: `another supervisor (pid ${holder.split(" ")[0] ?? "unknown"}) has been starting the development database for two minutes`,
    where: path,
    remedy: "wait for it or end it, then try again",
  });
}
