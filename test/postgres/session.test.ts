import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SuperviseError } from "../../src/errors.js";
import { openSession } from "../../src/postgres/session.js";
import { connect, createDatabase, urlOf, type TestDatabase } from "../support/database.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe("a dedicated session", () => {
  test("says which backend it is, under its application name", async () => {
    const session = await openSession(database.url, { applicationName: "tasks/supervisor" });
    const rows = await session.query(
      "select pid, application_name from pg_stat_activity where pid = pg_backend_pid()",
    );
    expect(rows).toEqual([{ pid: session.backendPid, application_name: "tasks/supervisor" }]);
    expect(session.serverVersion).toMatch(/^\d+\.\d+/);
    expect(session.serverVersionNum).toBeGreaterThan(130_000);
    expect(session.direct).toBe(true);
    await session.end();
  });

  test("runs without time limits, whatever the URL and the role ask for", async () => {
    const url = `${database.url}?statement_timeout=5&application_name=other&options=-c%20lock_timeout%3D7`;
    const session = await openSession(url, { applicationName: "tasks/supervisor" });
    const rows = await session.query(
      `select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout',
         'idle_in_transaction_session_timeout', 'client_connection_check_interval',
         'application_name') order by name`,
    );
    expect(Object.fromEntries(rows.map((row) => [row["name"], row["setting"]]))).toEqual({
      application_name: "tasks/supervisor",
      // PostgreSQL 13 has no such setting.
      ...(session.serverVersionNum >= 140_000 && { client_connection_check_interval: "1000" }),
      idle_in_transaction_session_timeout: "0",
      lock_timeout: "0",
      statement_timeout: "0",
    });
    await session.end();
  });

  test("reports its loss once, with where, and keeps quiet about an end it was asked for", async () => {
    const session = await connect(database.url);
    const other = await connect(database.url);
    const lost = new Promise((resolve) => session.lost.addEventListener("abort", resolve));
    await other.query("select pg_terminate_backend($1)", [session.backendPid]);
    await lost;
    expect(session.lost.reason).toBeInstanceOf(SuperviseError);
    expect(session.lost.reason).toMatchObject({ code: "DATABASE_LOST" });
    expect(String(session.lost.reason)).toContain(database.name);
    await session.end();
    await other.end();
    expect(other.lost.aborted).toBe(false);
  });

  test.each([
    ["a wrong password", () => urlOf(database.name, { user: "postgres", password: "s3cr3t/x" })],
    ["a database that is not there", () => urlOf("nowhere_s3cr3t".replace("_s3cr3t", ""))],
    ["a port where nothing listens", () => "postgresql://app:s3cr3t%2Fx@127.0.0.1:1/tasks"],
  ])("names host, database and user but no password for %s", async (_case, url) => {
    const error: unknown = await openSession(url(), { applicationName: "t" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: "DATABASE_UNREACHABLE", exitStatus: 69 });
    expect(String(error)).toMatch(/127\.0\.0\.1:\d+\/\w+ as \w+/);
    expect(JSON.stringify([String(error), error, causeOf(error)])).not.toContain("s3cr3t");
  });
});

function causeOf(error: unknown): string {
  return error instanceof Error ? `${String(error.cause)} ${error.stack ?? ""}` : "";
}
