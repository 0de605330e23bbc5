import { execFile } from "node:child_process";
import {
  cp,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectWithBackoff } from "../../src/postgres/connect.js";
import { startEmbedded, type Embedded, type EmbeddedOptions } from "../../src/postgres/embedded.js";
import { isAlive } from "../../src/postgres/embedded/process.js";
import { openSession } from "../../src/postgres/session.js";
import { recordingLog, silentLog } from "../support/log.js";
import { listProcesses } from "../support/processes.js";
import {
  createProject,
  removeStandIn,
  serverPid,
  type TestProject,
} from "../support/server-project.js";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let project: TestProject;
let template: TestProject;
const running: Embedded[] = [];
beforeAll(async () => {
  template = await createProject();
  await (await startEmbedded({ root: template.root, log: silentLog })).stop();
});
afterAll(() => template.remove());
beforeEach(async () => {
  project = await createProject();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  await project.remove();
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const server = await startEmbedded({ root: project.root, log: silentLog, ...options });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const session = await openSession(url, { applicationName: "test" });
  try {
    return await session.query(sql);
  } finally {
    await session.end();
  }
}

/** Gives the project data that an earlier start has made, which takes less time than making it. */
async function inherit(): Promise<void> {
  await run("cp", ["-a", join(template.root, ".dazzle"), project.root]);
}

const answers = (url: string) =>
  query(url, "select 1 as one").then(
    () => true,
    () => false,
  );
const portOf = (server: Embedded) => new URL(server.url).port;

describe("a new development server", () => {
  let shared: TestProject;
  let server: Embedded;
  beforeAll(async () => {
    shared = await createProject();
    server = await startEmbedded({ root: shared.root, log: silentLog, project: "My Tasks!" });
  });
  afterAll(async () => {
    await server.stop();
    await shared.remove();
  });
  const modeOf = async (name: string) =>
    (await stat(join(shared.root, ".dazzle", name))).mode & 0o777;

  test("serves the project's own database in UTF-8 and UTC", async () => {
    expect(new URL(server.url).pathname).toBe("/my_tasks");
    expect(server.version).toMatch(/^\d+\.\d+/);
    const rows = await query(
      server.url,
      `select current_database() as database, current_setting('server_encoding') as encoding,
         current_setting('timezone') as zone, left(datcollate, 1) as collate,
         current_setting('listen_addresses') as listen from pg_database
       where datname = current_database()`,
    );
    const listen = "127.0.0.1";
    const database = "my_tasks";
    expect(rows).toEqual([{ database, encoding: "UTF8", zone: "UTC", collate: "C", listen }]);
  });

  test("lets nobody in without the password, which only this user can read", async () => {
    const without = new URL(server.url);
    without.password = "guess";
    expect(await answers(server.url)).toBe(true);
    expect(await answers(without.href)).toBe(false);
    const hba = await readFile(join(shared.root, ".dazzle/postgres/pg_hba.conf"), "utf8");
    const methods = hba.split("\n").filter((line) => /^(?:local|host)/.test(line));
    expect(methods.every((line) => line.trim().endsWith("scram-sha-256"))).toBe(true);
    const secret = await readFile(join(shared.root, ".dazzle/postgres.json"), "utf8");
    expect(secret).toContain(new URL(server.url).password);
    expect(await modeOf("postgres.json")).toBe(0o600);
    expect(await modeOf("postgres.log")).toBe(0o600);
    expect(await modeOf("postgres")).toBe(0o700);
    const rows = await query(
      server.url,
      "select left(rolpassword, 13) as kind from pg_authid where rolname = 'postgres'",
    );
    expect(rows).toEqual([{ kind: "SCRAM-SHA-256" }]);
  });

  test("keeps the password out of every command line", () => {
    const commands = listProcesses().map((one) => one.command);
    expect(commands.join("\n")).not.toContain(new URL(server.url).password);
  });

  test("is hidden from git", async () => {
    expect(await readFile(join(shared.root, ".dazzle/.gitignore"), "utf8")).toBe("*\n");
  });

  test("has query statistics where the installation has the module", async () => {
    const [library] = await query(
      server.url,
      `select 1 from pg_available_extensions where name = 'pg_stat_statements'`,
    );
    expect(await query(server.url, "show shared_preload_libraries")).toEqual([
      { shared_preload_libraries: library === undefined ? "" : "pg_stat_statements" },
    ]);
  });
});

describe("the development server", () => {
  beforeEach(inherit);

  test("keeps data and port from one start to the next", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    expect(await answers(first.url)).toBe(false);
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, "select * from kept")).toEqual([{ answer: 42 }]);
  });

  test("takes another port when its own is in use by then", async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) => {
      squatter.listen(Number(portOf(first)), "127.0.0.1", resolve);
    });
    const second = await start();
    expect(portOf(second)).not.toBe(portOf(first));
    expect(await answers(second.url)).toBe(true);
    await new Promise((resolve) => squatter.close(resolve));
  });

  test("is shared by all supervisors of a project and ends with the last", async () => {
    const [first, second, third] = await Promise.all([start(), start(), start()]);
    expect(new Set([first.url, second.url, third.url]).size).toBe(1);
    await first.stop();
    await third.stop();
    expect(await answers(second.url)).toBe(true);
    const pid = await serverPid(project.root);
    await second.stop();
    expect(await isAlive(pid)).toBe(false);
  });

  test("is each project's own when two run at once", async () => {
    const other = await createProject();
    const [one, two] = await Promise.all([start(), start({ root: other.root })]);
    await query(one.url, "create table mine ()");
    expect(portOf(one)).not.toBe(portOf(two));
    await expect(query(two.url, "select from mine")).rejects.toThrow("does not exist");
    await two.stop();
    expect(await answers(one.url)).toBe(true);
    await other.remove();
  });

  test.each([
    ["spaces, quotes and other letters", ["mein 'schönes' \"Projekt\" 🐘"]],
    ["a path too long for a socket", ["a".repeat(60), "b".repeat(60), "c".repeat(60)]],
  ])("works below a folder with %s", async (_case, below) => {
    await project.remove();
    project = await createProject(...below);
    const { url } = await start();
    expect(await answers(url)).toBe(true);
  });

  test("can be the npm package's", async () => {
    const { url, version } = await start({ sources: ["package"] });
    expect(version).toMatch(/^15\./);
    expect(await answers(url)).toBe(true);
  });
});

describe("after a crash", () => {
  beforeEach(inherit);

  test("a server that was killed is recovered, with what was committed", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    process.kill(await serverPid(project.root), "SIGKILL");
    await first.stop();
    const second = await start();
    expect(await query(second.url, "select * from kept")).toEqual([{ answer: 42 }]);
  });

  test("a server that is killed while in use is started again, at the same address", async () => {
    const log = recordingLog();
    const server = await start({ log });
    await query(server.url, "create table kept as select 42 as answer");
    const killed = await serverPid(project.root);
    process.kill(killed, "SIGKILL");
    const session = await connectWithBackoff(server.url, { applicationName: "test", log });
    expect(await session.query("select * from kept")).toEqual([{ answer: 42 }]);
    await session.end();
    expect(await serverPid(project.root)).not.toBe(killed);
    await server.stop();
    expect(await isAlive(killed)).toBe(false);
  });

  test("a stale pid file that names a living stranger is no obstacle", async () => {
    const first = await start();
    const file = join(project.root, ".dazzle/postgres/postmaster.pid");
    const content = await readFile(file, "utf8");
    const server = await serverPid(project.root);
    process.kill(server, "SIGKILL");
    await first.stop();
    await writeFile(file, content.replace(String(server), String(process.pid)));
    const second = await start();
    expect(await answers(second.url)).toBe(true);
    expect(await serverPid(project.root)).not.toBe(process.pid);
  });

  test.each(["", "garbage\n"])("a pid file that holds %j is no obstacle", async (content) => {
    const first = await start();
    await first.stop();
    await writeFile(join(project.root, ".dazzle/postgres/postmaster.pid"), content);
    const second = await start();
    expect(await answers(second.url)).toBe(true);
  });

  test("a server whose keeper was killed still stops, or is replaced by the next start", async () => {
    const first = await start();
    await killKeeper();
    const server = await serverPid(project.root);
    await first.stop();
    expect(await isAlive(server)).toBe(false);

    await start();
    await killKeeper();
    const orphan = await serverPid(project.root);
    const third = await start();
    expect(await serverPid(project.root)).not.toBe(orphan);
    expect(await answers(third.url)).toBe(true);
  });

  test("what a killed start left behind is cleared away", async () => {
    await rm(join(project.root, ".dazzle/postgres"), { recursive: true });
    await mkdir(join(project.root, ".dazzle/postgres.new-abcdef/data"), { recursive: true });
    await writeFile(join(project.root, ".dazzle/postgres.lock"), "999999999 1 aa\n");
    await start();
    await expect(lstat(join(project.root, ".dazzle/postgres.new-abcdef"))).rejects.toThrow(
      "ENOENT",
    );
    await expect(lstat(join(project.root, ".dazzle/postgres.lock"))).rejects.toThrow("ENOENT");
  });

  test("a lost or damaged password is replaced", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    for (const content of ["", "{", '{"password":7}']) {
      await writeFile(join(project.root, ".dazzle/postgres.json"), content);
      const again = await start();
      expect(again.url).not.toBe(first.url);
      expect(await query(again.url, "select * from kept")).toEqual([{ answer: 42 }]);
      await again.stop();
    }
  });

  test("a password changed by hand is set right", async () => {
    const first = await start();
    await query(first.url, "alter role postgres password 'other'");
    await first.stop();
    expect(await answers((await start()).url)).toBe(true);
  });
});

describe("what cannot work is said, with a remedy", () => {
  test("a server that does not start, and data of a version that is not here", async () => {
    await inherit();
    const data = join(project.root, ".dazzle/postgres");
    await writeFile(join(data, "postgresql.conf"), "no_such_thing = 1\n");
    const refused: unknown = await start().catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "EMBEDDED_UNAVAILABLE", exitStatus: 69 });
    expect(String(refused)).toContain("no_such_thing");

    await writeFile(join(data, "PG_VERSION"), "11\n");
    const unknown = start();
    await expect(unknown).rejects.toMatchObject({ code: "EMBEDDED_UNAVAILABLE", exitStatus: 69 });
    await expect(unknown).rejects.toThrow(/made by PostgreSQL 11.*install PostgreSQL 11/);
  });

  test("a folder in its place that is something else", async () => {
    await mkdir(join(project.root, ".dazzle/postgres"), { recursive: true });
    await writeFile(join(project.root, ".dazzle/postgres/notes.txt"), "mine");
    await expect(start()).rejects.toMatchObject({ code: "EMBEDDED_UNAVAILABLE" });
    expect(await readFile(join(project.root, ".dazzle/postgres/notes.txt"), "utf8")).toBe("mine");
  });

  test("no server program at all", async () => {
    await expect(start({ sources: [] })).rejects.toThrow(/install PostgreSQL.*DATABASE_URL/);
  });
});

describe("a project that moves", () => {
  beforeEach(inherit);

  test("takes its data along", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const moved = `${project.root}-moved`;
    await rename(project.root, moved);
    project = { root: moved, remove: () => rm(moved, { recursive: true }) };
    const second = await start({ project: "other" });
    expect(await query(second.url, "select * from kept")).toEqual([{ answer: 42 }]);
  });

  test("has a server of its own as a copy, even when copied while it runs", async () => {
    const first = await start();
    const copy = `${project.root}-copy`;
    await mkdir(copy);
    const isCopied = (path: string) => !path.endsWith("postgres.alive");
    await cp(project.root, copy, { recursive: true, preserveTimestamps: true, filter: isCopied });
    if (isRoot) {
      const { uid, gid } = await stat(join(project.root, ".dazzle/postgres"));
      await run("chown", ["-R", `${uid}:${gid}`, join(copy, ".dazzle/postgres")]);
    }
    const second = await start({ root: copy });
    expect(portOf(second)).not.toBe(portOf(first));
    await second.stop();
    expect(await answers(first.url)).toBe(true);
    await rm(copy, { recursive: true });
  });
});

describe.skipIf(!isRoot)("run by root (skipped when run by an ordinary user)", () => {
  test("the server runs as an unprivileged user", async () => {
    await inherit();
    const { url } = await start();
    const pid = await serverPid(project.root);
    expect(listProcesses().find((one) => one.pid === pid)?.uid).not.toBe(0);
    expect(await answers(url)).toBe(true);
  });

  test("works in a project that only root can enter, with the data behind a link", async () => {
    await project.remove();
    project = await createProject("private");
    await run("chmod", ["700", project.root]);
    const first = await start();
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const link = join(project.root, ".dazzle/postgres");
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    const folder = await stat(link);
    expect([folder.uid === 0, folder.mode & 0o777]).toEqual([false, 0o700]);
    const second = await start();
    expect(await query(second.url, "select * from kept")).toEqual([{ answer: 42 }]);

    const copy = await createProject("private");
    await run("chmod", ["700", copy.root]);
    await cp(project.root, copy.root, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !path.endsWith(".lock"),
    });
    const third = await start({ root: copy.root, project: "private" });
    await expect(query(third.url, "select * from kept")).rejects.toThrow("does not exist");
    await third.stop();
    await second.stop();
    await removeStandIn(copy.root);
    await removeStandIn(project.root);
    await copy.remove();
  });

  test("what stood in for a temporary project that is gone is cleared away by the next", async () => {
    const gone = await createProject("private");
    await run("chmod", ["700", gone.root]);
    await (await start({ root: gone.root })).stop();
    const data = await realpath(join(gone.root, ".dazzle/postgres"));
    await gone.remove();
    await run("chmod", ["700", project.root]);
    await (await start()).stop();
    await expect(lstat(data)).rejects.toThrow("ENOENT");
    await removeStandIn(project.root);
  });

  test("does not follow a link that leads to a folder of somebody else", async () => {
    await project.remove();
    project = await createProject("private");
    await run("chmod", ["700", project.root]);
    const trap = await createProject("trap");
    await writeFile(join(trap.root, "project"), project.root);
    await run("chown", ["-R", "nobody", trap.root]);
    await mkdir(join(project.root, ".dazzle"));
    await symlink(join(trap.root, "postgres"), join(project.root, ".dazzle/postgres"));
    const server = await start();
    await server.stop();
    await expect(lstat(join(trap.root, "postgres"))).rejects.toThrow("ENOENT");
    await removeStandIn(project.root);
    await trap.remove();
  });

  test("the owner of the project owns its data, and goes on without root", async () => {
    await run("chown", ["nobody", project.root]);
    await (await start()).stop();
    const owner = (await stat(project.root)).uid;
    for (const name of ["", "/postgres", "/postgres.json", "/postgres.log", "/postgres.alive"]) {
      expect((await stat(join(project.root, `.dazzle${name}`))).uid).toBe(owner);
    }
  });
});

async function killKeeper(): Promise<void> {
  const users = await readFile(join(project.root, ".dazzle/postgres.users"), "utf8");
  const keeper = Number(/^keeper\.(\d+)\./m.exec(users)?.[1]);
  // Its second half, the reader of the pipe, is its child with the same command line.
  const family = listProcesses().filter(
    (one) => one.pid === keeper || (one.ppid === keeper && one.command.includes("dazzle-postgres")),
  );
  for (const { pid } of family) process.kill(pid, "SIGKILL");
}
