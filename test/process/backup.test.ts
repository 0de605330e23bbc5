import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { leftovers, rowsOf, run, treeDigest, writeFiles } from "../support/backup.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { cleanEnvironment, launch, project, PROGRAM, type Running } from "../support/supervisor.js";

const TOML = `[project]\nname = "tasks"\n`;

const SCHEMA = [
  "create table item (id serial primary key, text text)",
  "create table line (id serial primary key, item int references item (id))",
];

async function finish(running: Running): Promise<number | null> {
  return (await running.exited).code;
}

function supervise(cwd: string, database: string, ...args: readonly string[]): Running {
  return launch({ cwd, args: ["backup", ...args], env: { DATABASE_URL: database } });
}

function archives(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".tar.gz"));
}

async function database(...statements: readonly string[]): Promise<TestDatabase> {
  const made = await createDatabase();
  await run(made.url, ...statements);
  return made;
}

/** Polls until `done`; the guardian of a killed process needs a moment. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

describe("the commands of the guide", () => {
  let source: TestDatabase;

  beforeAll(async () => {
    source = await database(
      ...SCHEMA,
      "insert into item (text) select md5(g::text) from generate_series(1, 1000) g",
    );
  });
  afterAll(() => source.drop());

  test("create, list, verify and restore work as printed", async () => {
    const cwd = project({ "dazzle.toml": TOML });
    writeFiles(cwd, { "uploads/a.txt": "a" });
    expect(await finish(supervise(cwd, source.url, "create", "--dry-run"))).toBe(0);
    expect(archives(cwd)).toEqual([]);
    expect(await finish(supervise(cwd, source.url, "create"))).toBe(0);
    const [name = ""] = archives(cwd);
    expect(name).toMatch(/^backup-tasks-\d{8}-\d{6}\.tar\.gz$/);
    expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    expect(await finish(supervise(cwd, source.url, "verify", "--from", name))).toBe(0);

    const list = supervise(cwd, source.url, "list", "--json");
    expect(await finish(list)).toBe(0);
    expect(JSON.parse(list.stdout())).toMatchObject({
      backups: [{ name, project: "tasks", problem: null }],
    });

    const target = await database(...SCHEMA);
    onTestFinished(() => target.drop());
    const preview = supervise(cwd, target.url, "restore", "--from", name, "--dry-run");
    expect(await finish(preview)).toBe(0);
    expect(preview.stdout()).toContain("1000 rows");
    const restored = supervise(cwd, target.url, "restore", "--from", name);
    expect(await finish(restored)).toBe(0);
    expect(await rowsOf(target.url, "select count(*)::int as n from item")).toEqual([{ n: 1000 }]);
    const again = supervise(cwd, target.url, "restore", "--from", name, "--force");
    expect(await finish(again)).toBe(64);
    expect(again.stderr()).toMatch(/--yes/);
  });

  test("--output - prints the archive and nothing else on standard output", async () => {
    const cwd = project({ "dazzle.toml": TOML });
    const made = launch({
      cwd,
      command: ["/bin/sh", "-c", `"$0" "$1" backup create --output - > out.tar.gz`],
      args: [process.execPath, PROGRAM],
      env: { DATABASE_URL: source.url },
    });
    expect(await finish(made)).toBe(0);
    expect(await finish(supervise(cwd, source.url, "verify", "--from", "out.tar.gz"))).toBe(0);
    expect(readdirSync(cwd).sort()).toEqual([".dazzle", "dazzle.toml", "out.tar.gz"]);
  });

  test.each([
    ["a folder that does not exist", ["create", "--output", "no/such/x.tar.gz"], 73],
    ["a device that is full", ["create", "--output", "/dev/full"], 73],
    ["a folder as the file", ["create", "--output", "."], 73],
    ["a backup that is not there", ["verify", "--from", "none.tar.gz"], 66],
    ["a file that is no backup", ["verify", "--from", "dazzle.toml"], 65],
    ["a restore from no backup", ["restore", "--from", "dazzle.toml", "--yes"], 65],
    ["nothing to keep", ["prune", "--keep", "0"], 64],
  ])("%s ends with its status in one line", async (_, args, status) => {
    const cwd = project({ "dazzle.toml": TOML });
    const running = supervise(cwd, source.url, ...args);
    expect(await finish(running)).toBe(status);
    expect(running.stderr().trim().split("\n").at(-1)).toMatch(/^supervise: .+: .+/);
    expect(leftovers(cwd)).toEqual([]);
  });

  test.each([["create"], ["create", "--dry-run"], ["create", "--output", "-"]])(
    "without a database, as in a job that lost its DATABASE_URL, no backup is written (%#)",
    async (...args) => {
      const cwd = project({ "dazzle.toml": TOML });
      const running = launch({ cwd, args: ["backup", ...args] });
      expect(await finish(running)).toBe(69);
      expect(running.stderr()).toMatch(/no database is configured.*DATABASE_URL/);
      expect(running.stdout()).toBe("");
      expect(readdirSync(cwd)).toEqual(["dazzle.toml"]);
    },
  );

  /** As `supervise`, where no file may grow beyond some 250 kB: what a full disk looks like. */
  function onFullDisk(cwd: string, url: string, ...args: readonly string[]): Running {
    return launch({
      cwd,
      command: ["/bin/sh", "-c", 'ulimit -f 250; exec "$0" "$@"'],
      args: [process.execPath, PROGRAM, "backup", ...args],
      env: { DATABASE_URL: url },
    });
  }

  test("a disk that fills ends a create with 73 and leaves nothing", async () => {
    const cwd = project({ "dazzle.toml": TOML });
    writeFiles(cwd, { "uploads/a.bin": randomBytes(3_000_000) });
    const running = onFullDisk(cwd, source.url, "create");
    expect(await finish(running)).toBe(73);
    expect(running.stderr()).toMatch(/cannot write/);
    expect(readdirSync(cwd).sort()).toEqual(["dazzle.toml", "uploads"]);
  });

  test("a disk that fills ends a restore with 73 and leaves everything as it was", async () => {
    const cwd = project({ "dazzle.toml": TOML });
    writeFiles(cwd, { "uploads/a.bin": randomBytes(3_000_000) });
    expect(await finish(supervise(cwd, source.url, "create", "--output", "b.tar.gz"))).toBe(0);
    const target = await database(...SCHEMA, "insert into item default values");
    onTestFinished(() => target.drop());
    writeFiles(cwd, { "uploads/a.bin": "old" });
    const before = treeDigest(join(cwd, "uploads"));
    const restoring = ["restore", "--from", "b.tar.gz", "--force", "--yes"];
    const failing = onFullDisk(cwd, target.url, ...restoring);
    expect(await finish(failing)).toBe(73);
    expect(failing.stderr()).toMatch(/the database and the uploads are as before/);
    expect(treeDigest(join(cwd, "uploads"))).toEqual(before);
    expect(leftovers(cwd)).toEqual([]);
    expect(await rowsOf(target.url, "select count(*)::int as n from item")).toEqual([{ n: 1 }]);
  });

  test("prune keeps the newest good backups and never counts a damaged one", async () => {
    const cwd = project({ "dazzle.toml": TOML });
    for (let at = 0; at < 3; at += 1) {
      expect(await finish(supervise(cwd, source.url, "create"))).toBe(0);
    }
    const [oldest = "", middle = "", newest = ""] = archives(cwd).sort();
    const bytes = readFileSync(join(cwd, newest));
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    writeFileSync(join(cwd, newest), bytes);
    expect(await finish(supervise(cwd, source.url, "prune", "--keep", "1"))).toBe(0);
    expect(archives(cwd).sort()).toEqual([middle, newest]);
    expect(existsSync(join(cwd, oldest))).toBe(false);
  });

  test("prune neither counts nor removes another project's backup under a name of ours", async () => {
    const cwd = project({ "dazzle.toml": `[project]\nname = "other"\n` });
    const foreign = "backup-tasks-20990101-000000.tar.gz";
    const older = "backup-tasks-20000101-000000.tar.gz";
    for (const name of [foreign, older]) {
      expect(await finish(supervise(cwd, source.url, "create", "--output", name))).toBe(0);
    }
    writeFileSync(join(cwd, "dazzle.toml"), TOML);
    expect(await finish(supervise(cwd, source.url, "create"))).toBe(0);
    const [own = ""] = archives(cwd).filter((name) => name !== foreign && name !== older);
    const cut = "backup-tasks-20980101-000000.tar.gz";
    writeFileSync(join(cwd, cut), readFileSync(join(cwd, own)).subarray(0, 2_000));
    writeFileSync(join(cwd, "backup-tasks.tar.gz"), "a stranger");

    const pruned = supervise(cwd, source.url, "prune", "--keep", "1", "--json");
    expect(await finish(pruned)).toBe(0);
    expect(JSON.parse(pruned.stdout())).toEqual({
      kept: [join(cwd, own)],
      removed: [],
      damaged: [join(cwd, cut)],
      dry_run: false,
    });
    expect(archives(cwd)).toHaveLength(5);

    const list = supervise(cwd, source.url, "list", "--json");
    expect(await finish(list)).toBe(0);
    expect(list.stdout()).toContain("its end is missing");
    expect(JSON.parse(list.stdout())).toMatchObject({
      backups: [
        { name: foreign, project: "other" },
        { name: cut, project: null },
        { name: own, project: "tasks", problem: null },
        { name: older, project: "other" },
      ],
    });
  });
});

/** Makes a pseudo-terminal. Part of util-linux. */
const SCRIPT = "/usr/bin/script";

describe.skipIf(!existsSync(SCRIPT))("a restore that asks on a terminal", () => {
  let target: TestDatabase;
  let cwd: string;

  beforeAll(async () => {
    target = await database(...SCHEMA, "insert into item default values");
  });
  afterAll(() => target.drop());

  /** Answers the question by `answer`; the exit status as the terminal's shell sees it. */
  async function asked(answer: (terminal: { pid: number; press: (keys: string) => void }) => void) {
    cwd = project({ "dazzle.toml": TOML });
    expect(await finish(supervise(cwd, target.url, "create", "--output", "b.tar.gz"))).toBe(0);
    const words = "backup restore --from b.tar.gz --force";
    const command = `echo pid=$$; exec '${process.execPath}' '${PROGRAM}' ${words}`;
    const child = spawn(SCRIPT, ["-qefc", command, "/dev/null"], {
      cwd,
      env: { ...cleanEnvironment(), DATABASE_URL: target.url, SHELL: "/bin/sh" },
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    let output = "";
    let answered = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (answered || !output.includes("Type yes:")) return;
      answered = true;
      const pid = Number(/pid=(\d+)/.exec(output)?.[1]);
      answer({ pid, press: (keys) => void child.stdin.write(keys) });
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    return { status, output };
  }

  test.each([
    ["another word", "no\r"],
    ["Ctrl+C", "\u0003"],
    ["Ctrl+D", "\u0004"],
  ])("takes %s for no: 130, and nothing changes", async (_, keys) => {
    const { status, output } = await asked(({ press }) => press(keys));
    expect([status, output]).toEqual([130, expect.stringMatching(/supervise: interrupted/)]);
    expect(await rowsOf(target.url, "select count(*)::int as n from item")).toEqual([{ n: 1 }]);
    expect(leftovers(cwd)).toEqual([]);
  });

  test("ends with 130 when it gets a TERM while it waits for the answer", async () => {
    const { status } = await asked(({ pid }) => void process.kill(pid, "SIGTERM"));
    expect(status).toBe(130);
    expect(leftovers(cwd)).toEqual([]);
  });

  test("goes ahead when the answer is yes", async () => {
    const { status, output } = await asked(({ press }) => press("yes\r"));
    expect([status, output]).toEqual([0, expect.stringMatching(/restored .*b\.tar\.gz/)]);
  });
});

describe("killed at any moment", () => {
  /** More of them by hand: BACKUP_KILLS=30. */
  const TIMES = Number(process.env["BACKUP_KILLS"] ?? 12);
  const ENGINES = ["pg_dump", "copy"] as const;
  let source: TestDatabase;
  let cwd: string;

  beforeAll(async () => {
    source = await database(
      ...SCHEMA,
      "insert into item (text) select repeat(md5(g::text), 20) from generate_series(1, 20000) g",
      "insert into line (item) select id from item",
    );
  });
  afterAll(() => source.drop());

  /** Kills after a random share of the time that the whole run takes. */
  async function killed(running: Running, longest: number): Promise<void> {
    const at = performance.now() + Math.random() * longest;
    await until(() => performance.now() >= at || running.child.exitCode !== null);
    running.child.kill(Math.random() < 0.3 ? "SIGTERM" : "SIGKILL");
    await running.exited;
  }

  async function timed(work: () => Promise<unknown>): Promise<number> {
    const start = performance.now();
    await work();
    return performance.now() - start;
  }

  test("create leaves a whole backup or none", async () => {
    cwd = project({ "dazzle.toml": TOML });
    writeFiles(cwd, { "uploads/a.bin": randomBytes(3_000_000), "uploads/b/c.txt": "c" });
    const longest = await timed(() => supervise(cwd, source.url, "create").exited);
    for (let at = 0; at < TIMES; at += 1) {
      const name = `k${at}.tar.gz`;
      const engine = ENGINES[at % 2] ?? "copy";
      const args = ["create", "--output", name, "--engine", engine];
      await killed(supervise(cwd, source.url, ...args), longest);
      if (existsSync(join(cwd, name))) {
        expect(await finish(supervise(cwd, source.url, "verify", "--from", name))).toBe(0);
      }
      await until(() => leftovers(cwd).length === 0);
    }
  }, 300_000);

  test("restore leaves everything as it was or as in the backup", async () => {
    cwd = project({ "dazzle.toml": TOML });
    const uploads = join(cwd, "uploads");
    writeFiles(uploads, { "a.bin": randomBytes(3_000_000), "b/c.txt": "c" });
    for (const engine of ENGINES) {
      const args = ["create", "--output", `${engine}.tar.gz`, "--engine", engine];
      expect(await finish(supervise(cwd, source.url, ...args))).toBe(0);
    }
    const after = treeDigest(uploads);
    const target = await database(...SCHEMA);
    const state = async (): Promise<unknown> =>
      rowsOf(
        target.url,
        `select (select count(*) from item)::int as items, (select count(*) from line)::int as lines,
           (select last_value from item_id_seq)::int as at`,
      );
    const full = [{ items: 20_000, lines: 20_000, at: 20_000 }];
    const restoring = (at: number): Running => {
      const from = `${ENGINES[at % 2] ?? "copy"}.tar.gz`;
      return supervise(cwd, target.url, "restore", "--from", from, "--force", "--yes");
    };
    const longest = await timed(() => restoring(0).exited);
    try {
      for (let at = 0; at < TIMES; at += 1) {
        await run(
          target.url,
          "truncate item, line restart identity",
          "insert into item default values",
        );
        writeFiles(uploads, { "a.bin": `old ${at}`, "only-old.txt": "old" });
        const before = treeDigest(uploads);
        await killed(restoring(at), longest);
        await until(() => leftovers(cwd).length === 0);
        const now = treeDigest(uploads);
        const rows = await state();
        const restored = JSON.stringify(rows) === JSON.stringify(full);
        expect(restored ? rows : [{ items: 1, lines: 0, at: 1 }]).toEqual(rows);
        expect(now).toEqual(restored ? after : before);
      }
    } finally {
      await target.drop();
    }
  }, 300_000);
});
