import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbedded } from "../../src/postgres/embedded.js";
import { acquireLock } from "../../src/postgres/lock.js";
import { lockKey } from "../../src/postgres/lock-key.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { recordingLog, silentLog } from "../support/log.js";
import { createProject } from "../support/server-project.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const options = { project: "tasks", namespace: "public", waitMs: 60_000 };

describe("the advisory lock", () => {
  test("has the key that SQL computes from the documented formula", async () => {
    const session = await connect(database.url);
    for (const namespace of ["public", "tenant_ü", ""]) {
      const [row] = await session.query<{ key: string }>(
        `select ('x' || left(encode(sha256(convert_to('dazzle-supervise:' || $1, 'UTF8')), 'hex'),
           16))::bit(64)::bigint::text as key`,
        [namespace],
      );
      expect(lockKey(namespace)).toBe(row?.key);
    }
    await session.end();
  });

  test("is held without a transaction or a snapshot, and given back once", async () => {
    const session = await connect(database.url);
    const other = await connect(database.url);
    const log = recordingLog();
    const lock = await acquireLock(session, { ...options, log });
    const rows = await other.query(
      "select state, backend_xmin from pg_stat_activity where pid = $1",
      [session.backendPid],
    );
    expect(rows).toEqual([{ state: "idle", backend_xmin: null }]);
    const tryLock = "select pg_try_advisory_lock($1::bigint) as got";
    expect(await other.query(tryLock, [lock.key])).toEqual([{ got: false }]);
    await Promise.all([lock.release(), lock.release()]);
    expect(await other.query(tryLock, [lock.key])).toEqual([{ got: true }]);
    expect(log.lines.map((line) => line.event)).toEqual(["lock.acquired", "lock.released"]);
    await Promise.all([session.end(), other.end()]);
  });

  test("makes a second one wait, naming the holder, and passes on", async () => {
    const first = await connect(database.url, "tasks/supervisor on web-1");
    const second = await connect(database.url);
    const held = await acquireLock(first, { ...options, log: recordingLog() });
    const log = recordingLog();
    const waiting = acquireLock(second, { ...options, log });
    const line = await log.waitFor("lock.waiting");
    expect(line.msg).toContain(`pid ${first.backendPid} (tasks/supervisor on web-1)`);
    expect(line.fields["holder"]).toMatchObject({ pid: first.backendPid, client: "127.0.0.1" });
    await held.release();
    const passedOn = await waiting;
    expect(log.lines.at(-1)?.event).toBe("lock.acquired");
    await passedOn.release();
    await Promise.all([first.end(), second.end()]);
  });

  test("lets the holder build an index concurrently while another waits", async () => {
    const first = await connect(database.url);
    const second = await connect(database.url);
    const held = await acquireLock(first, { ...options, log: recordingLog() });
    const log = recordingLog();
    const waiting = acquireLock(second, { ...options, log });
    await log.waitFor("lock.waiting");
    await first.query("create table built (id int)");
    await first.query("create index concurrently built_id on built (id)");
    await held.release();
    await (await waiting).release();
    await Promise.all([first.end(), second.end()]);
  });

  test("gives up with 75 and the holder's name when the wait is over", async () => {
    const first = await connect(database.url, "other tool");
    const second = await connect(database.url);
    const held = await acquireLock(first, { ...options, log: recordingLog() });
    const refused = acquireLock(second, { ...options, waitMs: 200, log: recordingLog() });
    await expect(refused).rejects.toMatchObject({ code: "LOCK_TIMEOUT", exitStatus: 75 });
    await expect(refused).rejects.toThrow(`pid ${first.backendPid} (other tool)`);
    await held.release();
    await Promise.all([first.end(), second.end()]);
  });

  test("is free again when its holder's connection dies", async () => {
    const first = await connect(database.url);
    const second = await connect(database.url);
    const held = await acquireLock(first, { ...options, log: recordingLog() });
    const log = recordingLog();
    const waiting = acquireLock(second, { ...options, log });
    await log.waitFor("lock.waiting");
    await second.query("select pg_terminate_backend($1)", [first.backendPid]);
    await (await waiting).release();
    expect(first.lost.aborted).toBe(true);
    await expect(held.release()).rejects.toMatchObject({ code: "DATABASE_LOST" });
    await Promise.all([first.end(), second.end()]);
  });

  test("is an error to give back when the server no longer knows of it", async () => {
    const session = await connect(database.url);
    const log = recordingLog();
    const held = await acquireLock(session, { ...options, log });
    // What a pooler does that resets a connection between two transactions of one client.
    await session.query("select pg_advisory_unlock_all()");
    await expect(held.release()).rejects.toThrow("DATABASE_DIRECT_URL");
    expect(log.of("lock.released")).toEqual([]);
    await session.end();
  });

  test("is not waited for any longer once the caller gives up or the session is lost", async () => {
    const first = await connect(database.url);
    const held = await acquireLock(first, { ...options, log: recordingLog() });

    const second = await connect(database.url);
    const controller = new AbortController();
    const log = recordingLog();
    const given = acquireLock(second, { ...options, log, signal: controller.signal });
    await log.waitFor("lock.waiting");
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: "INTERRUPTED" });

    const anotherLog = recordingLog();
    const lost = acquireLock(second, { ...options, log: anotherLog });
    await anotherLog.waitFor("lock.waiting");
    const [end] = await Promise.allSettled([
      lost,
      first.query("select pg_terminate_backend($1)", [second.backendPid]),
    ]);
    expect(end).toMatchObject({ status: "rejected" });
    await held.release();
    await Promise.all([first.end(), second.end()]);
  });

  test("is refused on a standby, which would grant it and then refuse every change", async () => {
    const project = await createProject();
    const primary = await startEmbedded({ root: project.root, log: silentLog });
    await primary.stop();
    await writeFile(join(project.root, ".dazzle/postgres/standby.signal"), "");
    const standby = await startEmbedded({ root: project.root, log: silentLog });
    const session = await connect(standby.url);
    await expect(acquireLock(session, { ...options, log: recordingLog() })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      exitStatus: 78,
    });
    await session.end();
    await standby.stop();
    await project.remove();
  });

  test("of one namespace does not hold up another", async () => {
    const first = await connect(database.url);
    const second = await connect(database.url);
    const log = recordingLog();
    const one = await acquireLock(first, { ...options, log });
    const two = await acquireLock(second, { ...options, namespace: "tenant", waitMs: 0, log });
    expect(one.key).not.toBe(two.key);
    await Promise.all([one.release(), two.release()]);
    await Promise.all([first.end(), second.end()]);
  });
});
