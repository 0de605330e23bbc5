import { randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { verifyDeep } from "../../../src/backup/deep-verify.js";
import type { EngineName } from "../../../src/backup/engine/choose.js";
import { findPgDumps } from "../../../src/backup/engine/find-pg-dump.js";
import { noProgress } from "../../../src/backup/progress.js";
import type { Config } from "../../../src/config/config.js";
import { verifyArchive } from "../../../src/backup/verify.js";
import type { Session } from "../../../src/postgres/session.js";
import { acquireLock } from "../../../src/postgres/lock.js";
import {
  create,
  createFile,
  digest,
  failureOf,
  leftovers,
  onDatabase,
  projectAt,
  restore,
  rowsOf,
  run,
  treeDigest,
  writeFiles,
} from "../../support/backup.js";
import { ROWS, SCHEMA } from "../../support/backup-schema.js";
import { connect, createDatabase, onServer, urlOf } from "../../support/database.js";
import { silentLog } from "../../support/log.js";

async function database(...statements: readonly string[]): Promise<string> {
  const made = await createDatabase();
  onTestFinished(() => made.drop());
  await run(made.url, ...statements);
  return made.url;
}

/** A role without privileges that owns its database; dropped at the test's end. */
async function ownedDatabase(): Promise<{ url: string; admin: string; role: string }> {
  const made = await createDatabase();
  const role = `owner_${randomBytes(4).toString("hex")}`;
  await onServer(
    `create role ${role} login password 'secret' nosuperuser`,
    `alter database ${made.name} owner to ${role}`,
  );
  await run(made.url, `grant all on schema public to ${role}`);
  onTestFinished(async () => {
    await made.drop();
    await onServer(`drop role ${role}`);
  });
  return { url: urlOf(made.name, { user: role, password: "secret" }), admin: made.url, role };
}

/** Until the session of that name waits for a lock. */
async function waitsForLock(admin: Session, application: string): Promise<void> {
  const waiting = `select 1 from pg_stat_activity
    where application_name = '${application}' and wait_event_type = 'Lock' and datname = current_database()`;
  while ((await admin.query(waiting)).length === 0) {
    // The activity is read once a transaction.
    await admin.query("select pg_stat_clear_snapshot()");
  }
}

const SMALL = [
  "create table item (id serial primary key, name text not null, price int check (price > 0))",
  "create table line (id serial primary key, item int not null references item (id))",
];
const ITEMS = [
  "insert into item (name, price) select 'i' || g, g from generate_series(1, 100) g",
  "insert into line (item) select g from generate_series(1, 100) g",
];

describe("a restore that must not happen", () => {
  let source: string;
  let config: Config;
  let path: string;

  beforeEach(async () => {
    source = await database(...SMALL, ...ITEMS);
    config = await projectAt(source, { "uploads/a.txt": "a" });
    path = await createFile(config);
  });

  async function expectRefusal(
    target: Config,
    url: string,
    [status, text]: readonly [number, RegExp],
    force = false,
  ): Promise<void> {
    const before = await digest(url);
    const files = treeDigest(join(target.root, "uploads"));
    const failure = await failureOf(restore(target, path, { force }));
    expect(failure.exitStatus).toBe(status);
    expect(failure.message).toMatch(text);
    expect(await digest(url)).toEqual(before);
    expect(treeDigest(join(target.root, "uploads"))).toEqual(files);
    expect(leftovers(target.root)).toEqual([]);
  }

  test("into tables with rows is refused without force", async () => {
    await expectRefusal(config, source, [65, /hold rows.*public\.item.*--force/]);
  });

  test("of another project is refused, also with force", async () => {
    const other = { ...config, project: { ...config.project, name: "other" } };
    await expectRefusal(other, source, [65, /project "tasks", this is "other"/], true);
  });

  test("made by a framework version outside the pin is refused", async () => {
    const other = { ...config, project: { ...config.project, frameworkVersion: "~99.1" } };
    await expectRefusal(other, source, [65, /outside the pin "~99\.1"/], true);
  });

  test("into another namespace is refused", async () => {
    const other = { ...config, database: { ...config.database, namespace: "app" } };
    await expectRefusal(other, source, [65, /schema public, this project uses app/], true);
  });

  test.each([
    ["alter table item rename to thing", /there is no table public\.item/],
    ["alter table item rename column name to title", /public\.item has no column name/],
    [
      "alter table item alter name type varchar(9)",
      /public\.item\.name is character varying\(9\) here and text/,
    ],
    [
      "alter table item add colour text not null",
      /public\.item\.colour is NOT NULL and not in the backup/,
    ],
    ["drop sequence line_id_seq cascade", /there is no sequence public\.line_id_seq/],
  ])("into a schema after %s is refused by name", async (change, text) => {
    const target = await database(...SMALL, change);
    await expectRefusal(await projectAt(target), target, [65, text], true);
  });

  test("columns that may stay empty are no obstacle", async () => {
    const target = await database(
      ...SMALL,
      "alter table item add colour text, add added timestamptz not null default now()",
      "create table newer (id int)",
    );
    await restore(await projectAt(target), path);
    expect(
      await rowsOf(target, "select count(*)::int as n from item where colour is null"),
    ).toEqual([{ n: 100 }]);
  });

  test("by a role that does not own the tables is refused", async () => {
    const { url, admin } = await ownedDatabase();
    await run(admin, ...SMALL);
    await expectRefusal(await projectAt(url), admin, [78, /does not own public\.item/]);
  });

  test("rows that the target's constraint forbids leave everything as it was", async () => {
    const target = await database(
      ...SMALL,
      "alter table item add constraint cheap check (price < 50)",
      "insert into item (name, price) values ('kept', 1)",
      "select nextval('line_id_seq')",
    );
    const other = await projectAt(target, { "uploads/old.txt": "old" });
    await expectRefusal(other, target, [65, /cheap.*as before/], true);
  });

  test("a foreign key from outside that would dangle leaves everything as it was", async () => {
    const target = await database(
      ...SMALL,
      ...ITEMS,
      "insert into item (id, name, price) values (1000, 'later', 1)",
      "create schema other",
      "create table other.uses (item int references public.item (id))",
      "insert into other.uses values (1000)",
    );
    await expectRefusal(await projectAt(target), target, [65, /uses_item_fkey.*as before/], true);
  });

  test("while a table is in use is given up with 75", async () => {
    const target = await database(...SMALL);
    const reader = await connect(target);
    await reader.query("begin");
    await reader.query("select * from item");
    const failure = await failureOf(restore(await projectAt(target), path));
    await reader.end();
    expect(failure.exitStatus).toBe(75);
    expect(failure.message).toMatch(/somebody holds a table/);
  });

  test("waits for the migration lock and gives up with 75", async () => {
    const target = await database(...SMALL);
    const holder = await connect(target);
    await acquireLock(holder, { project: "tasks", namespace: "public", waitMs: 0, log: silentLog });
    const base = await projectAt(target);
    const hasty = { ...base, migrate: { ...base.migrate, lockWaitMs: 0 } };
    await expectRefusal(hasty, target, [75, /lock/]);
    await holder.end();
  });

  test("while a supervisor serves is refused without force", async () => {
    const target = await database(...SMALL);
    const other = await projectAt(target);
    const failure = await failureOf(
      restore(other, path, { serving: () => Promise.resolve([4711]) }),
    );
    expect(failure.exitStatus).toBe(65);
    expect(failure.message).toMatch(/serving \(pid 4711 here\).*--force/);
    await run(
      target,
      "create schema dazzle",
      `create table dazzle.instance (project text, namespace text, host text, pid int,
         heartbeat_at timestamptz default now())`,
      "insert into dazzle.instance values ('tasks', 'public', 'web-2', 17)",
    );
    const elsewhere = await failureOf(restore(other, path));
    expect(elsewhere.message).toMatch(/serving \(web-2 pid 17\)/);
    await restore(other, path, { force: true });
  });

  test("that nobody confirms changes nothing", async () => {
    const target = await database(...SMALL);
    const failure = await failureOf(
      restore(await projectAt(target), path, { confirm: () => Promise.resolve(false) }),
    );
    expect(failure.exitStatus).toBe(130);
    expect(await rowsOf(target, "select count(*)::int as n from item")).toEqual([{ n: 0 }]);
  });

  test("ends with 130 when it is interrupted while it loads", async () => {
    const target = await database(...SMALL);
    const stop = new AbortController();
    const other = await projectAt(target, { "uploads/old.txt": "old" });
    const before = treeDigest(join(other.root, "uploads"));
    const failure = await failureOf(
      restore(other, path, {
        force: true,
        signal: stop.signal,
        progress: {
          phase: (name) => {
            if (name === "restore") stop.abort();
          },
          add: () => undefined,
          pause: () => undefined,
        },
      }),
    );
    expect(failure.exitStatus).toBe(130);
    expect(await rowsOf(target, "select count(*)::int as n from item")).toEqual([{ n: 0 }]);
    expect(treeDigest(join(other.root, "uploads"))).toEqual(before);
    expect(leftovers(other.root)).toEqual([]);
  });

  test("ends with 130 at once when it is interrupted while the server is busy with it", async () => {
    const target = await database(...SMALL);
    const holder = await connect(target);
    await holder.query("begin");
    await holder.query("select * from item");
    const stop = new AbortController();
    const other = await projectAt(target, { "uploads/old.txt": "old" });
    const failing = failureOf(restore(other, path, { force: true, signal: stop.signal }));
    await waitsForLock(holder, "tasks/restore");
    stop.abort();
    // Not 75: the wait for the table would have gone on for ten seconds.
    expect((await failing).exitStatus).toBe(130);
    await holder.end();
    expect(Object.keys(treeDigest(join(other.root, "uploads")))).toEqual(["old.txt"]);
    expect(leftovers(other.root)).toEqual([]);
  });

  test("that loses its connection while it loads says so and leaves everything as it was", async () => {
    const target = await database(...SMALL);
    const other = await projectAt(target);
    const admin = await connect(target);
    const failure = await failureOf(
      restore(other, path, {
        confirm: () => Promise.resolve(true),
        progress: {
          phase: (name) => {
            if (name !== "restore") return;
            void admin.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tasks/restore'",
            );
          },
          add: () => undefined,
          pause: () => undefined,
        },
      }),
    );
    await admin.end();
    expect(failure.exitStatus).toBe(69);
    expect(failure.message).toMatch(/as before/);
    expect(await rowsOf(target, "select count(*)::int as n from item")).toEqual([{ n: 0 }]);
    expect(leftovers(other.root)).toEqual([]);
  });
});

describe("an ordinary owner", () => {
  const GUARDED = [
    ...SMALL,
    "create table loop (id int primary key, next int references loop (id))",
    "alter table loop force row level security",
    "alter table loop enable row level security",
    "create policy nobody on loop using (false) with check (false)",
  ];

  test("restores tables under forced row level security, whatever their keys", async () => {
    const source = await database(
      ...GUARDED,
      ...ITEMS,
      "insert into loop values (1, null), (2, 1), (3, 2)",
      "update loop set next = 3 where id = 1",
    );
    const path = await createFile(await projectAt(source));
    const { url, admin } = await ownedDatabase();
    await run(url, ...GUARDED);
    await restore(await projectAt(url), path);
    expect(await digest(admin)).toEqual(await digest(source));
  });

  test("is told that forced row level security would hide rows from its backup", async () => {
    const { url } = await ownedDatabase();
    await run(url, ...GUARDED);
    const config = await projectAt(url);
    for (const engine of ["pg_dump", "copy"] as const) {
      const failure = await failureOf(create(config, { engine }));
      expect(failure.exitStatus).toBe(78);
      expect(failure.message).toMatch(/row level security.*public\.loop/);
    }
    expect(readdirSync(config.root)).toEqual(["dazzle.toml"]);
  });

  test("does not lose hidden rows to a restore without force", async () => {
    const source = await database(...GUARDED);
    const path = await createFile(await projectAt(source));
    const { url, admin } = await ownedDatabase();
    await run(url, ...GUARDED);
    await run(admin, "insert into loop values (1, null)");
    const failure = await failureOf(restore(await projectAt(url), path));
    expect(failure.message).toMatch(/hold rows.*public\.loop/);
  });
});

describe("pg_dump", () => {
  function fakePgDump(config: Config, script: string): string {
    const folder = join(config.root, "bin");
    writeFiles(folder, { pg_dump: `#!/bin/sh\n${script}\n` });
    chmodSync(join(folder, "pg_dump"), 0o755);
    return folder;
  }

  async function withPath<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const before = process.env["PATH"];
    process.env["PATH"] = `${folder}:${before ?? ""}`;
    try {
      return await work();
    } finally {
      process.env["PATH"] = before;
    }
  }

  test("that fails half way leaves no backup", async () => {
    const config = await projectAt(await database(...SMALL, ...ITEMS));
    const bin = fakePgDump(
      config,
      `case "$1" in --version) echo "pg_dump (PostgreSQL) 18.99";; *) printf PGDMP; echo "pg_dump: error: it broke" >&2; exit 1;; esac`,
    );
    const failure = await withPath(bin, () => failureOf(create(config)));
    expect(failure.exitStatus).toBe(69);
    expect(failure.message).toMatch(/pg_dump 18\.99 failed \(exit 1\): error: it broke/);
    expect(readdirSync(config.root).sort()).toEqual(["bin", "dazzle.toml"]);
  });

  test("never gets the password in its command line", async () => {
    const { url, role } = await ownedDatabase();
    await run(url, ...SMALL);
    const config = await projectAt(url);
    const bin = fakePgDump(
      config,
      `case "$1" in --version) echo "pg_dump (PostgreSQL) 18.99";; *) echo "$@" > "${config.root}/argv"; echo "$PGUSER $PGPASSWORD" > "${config.root}/env"; exit 1;; esac`,
    );
    await withPath(bin, () => failureOf(create(config)));
    const said = (name: string): string => readFileSync(join(config.root, name), "utf8");
    expect(said("argv")).not.toContain("secret");
    expect(said("env")).toBe(`${role} secret\n`);
  });

  test("of 17 and newer may write settings that the server lacks", async () => {
    const source = await database(...SMALL, ...ITEMS);
    const config = await projectAt(source);
    const path = await createFile(config);
    const [real] = await findPgDumps(process.env["PATH"] ?? "");
    const bin = fakePgDump(
      config,
      `case "$1" in --version) echo "pg_dump (PostgreSQL) 18.99";; *) echo "SET transaction_timeout = 0;"; exec "${real?.path ?? ""}" "$@";; esac`,
    );
    await withPath(bin, () =>
      verifyDeep({
        config,
        log: silentLog,
        path,
        signal: new AbortController().signal,
        progress: noProgress,
      }),
    );
  });

  test("is not asked for partitions that live in another schema", async () => {
    const source = await database(
      "create schema parts",
      "create table whole (id int) partition by range (id)",
      "create table parts.low partition of whole for values from (0) to (10)",
      "insert into whole select generate_series(0, 9)",
    );
    const config = await projectAt(source);
    const { metadata, path } = await create(config);
    expect(metadata.engine).toBe("copy");
    expect(metadata.tables.map(({ schema, name, rows }) => [schema, name, rows])).toEqual([
      ["parts", "low", 10],
    ]);
    await run(source, "delete from whole");
    await restore(config, path ?? "");
    expect(await rowsOf(source, "select count(*)::int as n from whole")).toEqual([{ n: 10 }]);
  });
});

test("a backup that is interrupted while it waits for a table ends with 130 and leaves nothing", async () => {
  const source = await database(...SMALL);
  const holder = await connect(source);
  await holder.query("begin");
  await holder.query("lock table item in access exclusive mode");
  const config = await projectAt(source);
  const stop = new AbortController();
  const failing = failureOf(create(config, { signal: stop.signal }));
  await waitsForLock(holder, "tasks/backup");
  stop.abort();
  expect((await failing).exitStatus).toBe(130);
  await holder.end();
  expect(readdirSync(config.root)).toEqual(["dazzle.toml"]);
});

test.each(["pg_dump", "copy"] as const)(
  "a backup by %s whose connection is lost ends with 69 and leaves nothing",
  async (engine) => {
    const source = await database(...SMALL, ...ITEMS);
    const config = await projectAt(source);
    const admin = await connect(source);
    const failure = await failureOf(
      create(config, {
        engine,
        progress: {
          phase: (name) => {
            if (name !== "database") return;
            void admin.query(
              "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tasks/backup'",
            );
          },
          add: () => undefined,
          pause: () => undefined,
        },
      }),
    );
    await admin.end();
    expect(failure.exitStatus).toBe(69);
    expect(readdirSync(config.root)).toEqual(["dazzle.toml"]);
  },
);

test("a verification that is interrupted ends with 130", async () => {
  const config = await projectAt(await database(...SMALL, ...ITEMS));
  const failure = await failureOf(
    verifyArchive(await createFile(config), noProgress, AbortSignal.abort()),
  );
  expect(failure.exitStatus).toBe(130);
});

test("a backup is of one moment: rows that come meanwhile are not in it", async () => {
  const source = await database(...SMALL, ...ITEMS);
  const config = await projectAt(source);
  const { metadata } = await create(config, {
    progress: {
      phase: (name) => {
        if (name === "database") void run(source, "insert into item (name, price) values ('x', 1)");
      },
      add: () => undefined,
      pause: () => undefined,
    },
  });
  expect(metadata.tables.find((table) => table.name === "item")?.rows).toBe(100);
});

test("two backups within one second do not overwrite each other", async () => {
  const config = await projectAt(await database(...SMALL));
  const now = (): Date => new Date("2026-03-10T12:00:00.500Z");
  const paths = await Promise.all([createFile(config, { now }), createFile(config, { now })]);
  expect(new Set(paths).size).toBe(2);
  expect(readdirSync(config.root).filter((name) => name.endsWith(".tar.gz"))).toHaveLength(2);
});

test("uploads that nobody has in the backup are not lost without force", async () => {
  const source = await database(...SMALL, ...ITEMS);
  const config = await projectAt(source, { "uploads/a.txt": "a" });
  const path = await createFile(config);
  const target = onDatabase(config, await database(...SMALL));
  await restore(target, path);
  writeFileSync(join(config.root, "uploads", "b.txt"), "b");
  const again = onDatabase(config, await database(...SMALL));
  const failure = await failureOf(restore(again, path));
  expect(failure.message).toMatch(/1 of the present uploads/);
  await restore(again, path, { force: true });
  expect(Object.keys(treeDigest(join(config.root, "uploads")))).toEqual(["a.txt"]);
});

test("a table of an extension keeps the extension's rows and loses none of the user's", async () => {
  const source = await database(
    "create table catalogued (id int)",
    "create extension citext",
    "alter extension citext add table catalogued",
    "insert into catalogued values (1)",
    "create table mine (id int)",
    "insert into mine values (1)",
  );
  const config = await projectAt(source);
  const { metadata, path } = await create(config);
  expect(metadata.left_out).toEqual([
    {
      name: "public.catalogued",
      reason: "belongs to the extension citext, which makes its rows itself",
    },
  ]);
  await run(source, "delete from mine");
  await restore(config, path ?? "");
  expect(
    await rowsOf(
      source,
      "select (select count(*) from catalogued)::int as a, (select count(*) from mine)::int as b",
    ),
  ).toEqual([{ a: 1, b: 1 }]);
});

test.each<EngineName>(["pg_dump", "copy"])(
  "the user's rows of an extension's configuration table come back, its own stay (%s)",
  async (engine) => {
    // What pg_extension_config_dump notes, which only the script of an extension may call.
    const schema = [
      "create table settings (id serial primary key, name text, standard boolean not null)",
      "create table uses (setting int references settings (id))",
      "create extension citext",
      "alter extension citext add table settings",
      "alter extension citext add sequence settings_id_seq",
      `update pg_extension set extcondition = array['where not standard', ''],
         extconfig = array['settings'::regclass, 'settings_id_seq'::regclass]::oid[]
        where extname = 'citext'`,
      "insert into settings (name, standard) values ('built in', true)",
    ];
    const source = await database(
      ...schema,
      "insert into settings (name, standard) values ('mine', false), ('mine too', false)",
      "insert into uses select id from settings",
    );
    const target = await database(
      ...schema,
      "insert into settings (name, standard) values ('newer', false)",
    );
    const config = await projectAt(source);
    const { metadata, path } = await create(config, { engine });
    expect(metadata.left_out).toEqual([]);
    await restore(onDatabase(config, target), path ?? "", { force: true });
    expect(await digest(target)).toEqual(await digest(source));
    expect(await rowsOf(target, "select name from settings order by id")).toEqual([
      { name: "built in" },
      { name: "mine" },
      { name: "mine too" },
    ]);
  },
);

describe("a deep verification", () => {
  const verify = (config: Config, path: string): Promise<unknown> =>
    verifyDeep({
      config,
      log: silentLog,
      path,
      signal: new AbortController().signal,
      progress: noProgress,
    });
  const scratches = (url: string): Promise<unknown[]> =>
    rowsOf(url, "select 1 from pg_database where datname like 'supervise\\_verify\\_%'");

  test("restores into a scratch database and removes it", async () => {
    const source = await database(...SCHEMA, ...ROWS);
    const config = await projectAt(source);
    const path = await createFile(config);
    const before = await digest(source);
    await verify(config, path);
    expect(await digest(source)).toEqual(before);
    expect(await scratches(source)).toEqual([]);
  });

  test("by a role that may not read the whole schema says so", async () => {
    const { url, admin } = await ownedDatabase();
    await run(url, ...SMALL);
    const config = await projectAt(url);
    const path = await createFile(config);
    await run(admin, "create table closed (id int)");
    const failure = await failureOf(verify(config, path));
    expect(failure.exitStatus).toBe(78);
    expect(failure.message).toMatch(/permission denied for table closed/);
    expect(await scratches(admin)).toEqual([]);
  });

  test("by a role without CREATEDB says so", async () => {
    const { url, admin } = await ownedDatabase();
    await run(url, ...SMALL);
    const config = await projectAt(url);
    const failure = await failureOf(verify(config, await createFile(config)));
    expect(failure.exitStatus).toBe(78);
    expect(failure.message).toMatch(/scratch database.*CREATEDB/);
    expect(await scratches(admin)).toEqual([]);
  });

  test("says when the backup no longer fits the schema", async () => {
    const source = await database(...SMALL, ...ITEMS);
    const config = await projectAt(source);
    const path = await createFile(config);
    await run(source, "alter table item drop column price");
    const failure = await failureOf(verify(config, path));
    expect(failure.exitStatus).toBe(65);
    expect(failure.message).toMatch(/public\.item has no column price/);
    expect(await scratches(source)).toEqual([]);
  });
});
