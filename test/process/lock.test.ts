import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acquireLock } from "../../src/postgres/lock.js";
import { connect, createDatabase } from "../support/database.js";
import { recordingLog } from "../support/log.js";

const FIXTURE = join(import.meta.dirname, "../fixtures/postgres/hold-lock.mjs");

test("a holder killed in the middle of a statement frees the lock before the statement ends", async () => {
  const database = await createDatabase();
  const session = await connect(database.url);
  // PostgreSQL 13 notices a vanished client only when the statement ends.
  if (session.serverVersionNum >= 140_000) {
    const holder = spawn(process.execPath, [FIXTURE, database.url], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(holder, "exit");
    await once(holder.stdout, "data");
    const log = recordingLog();
    const waiting = acquireLock(session, {
      project: "tasks",
      namespace: "public",
      waitMs: 60_000,
      log,
    });
    expect((await log.waitFor("lock.waiting")).msg).toContain("(fixture/holder)");
    holder.kill("SIGKILL");
    await exited;
    await (await waiting).release();
  }
  await session.end();
  await database.drop();
});
