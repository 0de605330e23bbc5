/** Revisions that meet a database which was created from the schema files, and states their result. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { upgrade, verify } from "../../src/migration/commands.js";
import { applyMigration } from "../../src/migration/migrate.js";
import type { Session } from "../../src/postgres/session.js";
import { connect, createDatabase, type TestDatabase } from "../support/database.js";
import { silentLog } from "../support/log.js";
import { createProject, type TestProject } from "./migration-support/project.js";

let database: TestDatabase;
let session: Session;
let project: TestProject;

const SCHEMA = "create table task (id int primary key, title text not null, state text not null);";

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  await database.drop();
});

beforeEach(async () => {
  session = await connect(database.url);
  await session.query(
    "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
  );
  project = createProject();
  project.write("schema.sql", SCHEMA);
  project.write(
    "migrations/1_title.sql",
    "-- migrate:up\nalter table task rename column name to title;\n-- migrate:down\nalter table task rename column title to name;\n",
  );
  project.write(
    "migrations/2_state.sql",
    "-- migrate:up\nalter table task add state text;\nupdate task set state = old_state;\nalter table task alter state set not null;\nalter table task drop old_state;\ncreate view open_task as select * from task where state = 'open';\ninsert into task values (1, 'seed', 'open');\n",
  );
  project.write(
    "migrations/3_index.sql",
    "-- migrate:up transaction:false\nbegin;\ndrop table old_task;\ncreate function f() returns int language sql as 'select 1';\ncommit;\n",
  );
});

afterEach(async () => {
  await session.end();
  project.remove();
});

const options = () => ({ config: project.config, log: silentLog });

async function expectWhole(): Promise<void> {
  expect(await session.query("select title, f() from open_task")).toEqual([
    { title: "seed", f: 1 },
  ]);
  await session.query("update dazzle.applied set fingerprint = null");
  expect(await verify(session, project.config, silentLog)).toMatchObject({
    ok: true,
    current: "3",
  });
  expect(await session.query("select from dazzle.applied where namespace <> 'public'")).toEqual([]);
}

test("a start on an empty database has what they change already and runs the rest of them", async () => {
  const { revisions } = await applyMigration(session, project.config, silentLog);
  expect(revisions).toEqual(["1_title", "2_state", "3_index"]);
  await expectWhole();
});

test("so does db upgrade, to a target first and then to the head", async () => {
  expect(await upgrade(session, "1", options())).toEqual(["1_title"]);
  expect(await upgrade(session, "head", options())).toEqual(["2_state", "3_index"]);
  await expectWhole();
});

test("what schema files cannot state still fails, and a corrected file goes on from there", async () => {
  project.write("migrations/2_state.sql", "-- migrate:up\nselect * from nowhere;\n");
  await expect(upgrade(session, "head", options())).rejects.toThrow(/2_state\.sql:2/);
  project.write(
    "migrations/2_state.sql",
    "-- migrate:up\nalter table task add state text;\ncreate view open_task as select * from task;\ninsert into task values (1, 'seed', 'open');\n",
  );
  await upgrade(session, "head", options());
  await expectWhole();
});

test(
  "a run that ends at any statement is finished by the next one",
  { timeout: 300_000 },
  async () => {
    for (let nth = 0, finished = false; !finished; nth += 1) {
      await session.query(
        "drop schema if exists dazzle cascade; drop schema public cascade; create schema public",
      );
      const own = await connect(database.url);
      let at = -1;
      const dying: Session = {
        ...own,
        query: async (sql, params) => {
          if (/^(?:alter|insert|commit)/i.test(sql)) {
            at += 1;
            if (at === nth)
              await session.query("select pg_terminate_backend($1)", [own.backendPid]);
          }
          return own.query(sql, params);
        },
      };
      finished = await upgrade(dying, "head", options()).then(
        () => true,
        () => false,
      );
      await own.end();
      await upgrade(session, "head", options());
      await expectWhole();
    }
  },
);

test("in a database that had tables before, the same statements are errors", async () => {
  await session.query(SCHEMA);
  await expect(upgrade(session, "head", options())).rejects.toThrow(/1_title\.sql:2/);
});
