import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decideBudget, readCapacity } from "../../src/postgres/budget.js";
import {
  connect,
  createDatabase,
  onServer,
  urlOf,
  type TestDatabase,
} from "../support/database.js";

const role = `app_${randomBytes(6).toString("hex")}`;
let database: TestDatabase;
let url: string;

beforeAll(async () => {
  database = await createDatabase();
  await onServer(`create role ${role} login password 'p'`);
  url = urlOf(database.name, { user: role, password: "p" });
});
afterAll(async () => {
  await database.drop();
  await onServer(`drop role ${role}`);
});

test("the capacity of a plain role is the server's, and its own connection is seen", async () => {
  const session = await connect(url, "tasks/supervisor");
  const capacity = await readCapacity(session);
  expect(capacity).toMatchObject({
    superuserReserved: 3,
    reserved: 0,
    role,
    roleLimit: null,
    database: database.name,
    databaseLimit: null,
    superuser: false,
  });
  expect(capacity.maxConnections).toBeGreaterThanOrEqual(100);
  expect(capacity.connections).toContainEqual({
    applicationName: "tasks/supervisor",
    sameDatabase: true,
    sameRole: true,
    sameClient: true,
    count: 1,
  });
  await session.end();
});

test("limits of role and database are read, zero included", async () => {
  const session = await connect(url);
  await onServer(
    `alter role ${role} connection limit 7`,
    `alter database ${database.name} connection limit 0`,
  );
  expect(await readCapacity(session)).toMatchObject({ roleLimit: 7, databaseLimit: 0 });
  await onServer(
    `alter role ${role} connection limit -1`,
    `alter database ${database.name} connection limit -1`,
  );
  expect(await readCapacity(session)).toMatchObject({ roleLimit: null, databaseLimit: null });
  await session.end();
});

test("the limit is that of the role that the pools connect as, when the session has another", async () => {
  const session = await connect(database.url);
  await onServer(`alter role ${role} connection limit 7`);
  expect(await readCapacity(session, role)).toMatchObject({ role, roleLimit: 7, superuser: false });
  expect(await readCapacity(session, "no such role")).toMatchObject({ superuser: true });
  await onServer(`alter role ${role} connection limit -1`);
  await session.end();
});

test("connections of other roles count, though their details are hidden", async () => {
  const session = await connect(url);
  const strangers = await Promise.all([
    connect(database.url, "psql"),
    connect(database.url, "psql"),
  ]);
  const capacity = await readCapacity(session);
  expect(capacity.connections).toContainEqual({
    applicationName: "psql",
    sameDatabase: true,
    sameRole: false,
    sameClient: false,
    count: 2,
  });
  await Promise.all([session, ...strangers].map((one) => one.end()));
});

test("as many connections as the verdict calls the largest fit, and one more does not", async () => {
  await onServer(`alter role ${role} connection limit 6`);
  const session = await connect(url, "tasks/supervisor");
  const verdict = decideBudget(await readCapacity(session), {
    workers: 2,
    poolMax: 4,
    project: "tasks",
  });
  expect(verdict).toMatchObject({ status: "exceeded", demand: 9, capacity: 6, largestPoolMax: 2 });
  const pools = await Promise.all(
    Array.from({ length: 2 * verdict.largestPoolMax }, () => connect(url)),
  );
  const sixth = await connect(url);
  await expect(connect(url)).rejects.toMatchObject({ code: "DATABASE_UNREACHABLE" });
  await Promise.all([session, sixth, ...pools].map((one) => one.end()));
  await onServer(`alter role ${role} connection limit -1`);
});
