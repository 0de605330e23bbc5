import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { noProgress, type Progress } from "../../../src/backup/progress.js";
import { verifyArchive } from "../../../src/backup/verify.js";
import type { Config } from "../../../src/config/config.js";
import {
  create,
  createFile,
  failureOf,
  leftovers,
  projectAt,
  restore,
  treeDigest,
  writeFiles,
} from "../../support/backup.js";
import { createDatabase, type TestDatabase } from "../../support/database.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const uploadsOf = (config: Config): string => join(config.root, "uploads");

test("a link to the uploads folder is followed, by the backup and by the restore", async () => {
  const config = await projectAt(database.url);
  writeFiles(join(config.root, "shared"), { "a.txt": "a" });
  symlinkSync("shared", uploadsOf(config));
  const { path, metadata } = await create(config);
  expect(metadata.uploads).toEqual({ files: 1, folders: 1, bytes: 1 });
  writeFileSync(join(config.root, "shared", "a.txt"), "changed");
  await restore(config, path ?? "", { force: true });
  expect(readFileSync(join(config.root, "shared", "a.txt"), "utf8")).toBe("a");
  expect(leftovers(config.root)).toEqual([]);
});

test.each([
  ["a file", (path: string) => writeFileSync(path, "x"), /no folder/],
  ["a link to nothing", (path: string) => symlinkSync("nowhere", path), /leads nowhere/],
])("uploads that are %s are an error, no shorter backup", async (_, make, text) => {
  const config = await projectAt(database.url);
  make(uploadsOf(config));
  const failure = await failureOf(create(config));
  expect(failure.exitStatus).toBe(78);
  expect(failure.message).toMatch(text);
});

test("an uploads folder that cannot be looked at ends with 66, no shorter backup", async () => {
  const name = "n".repeat(300);
  const config = await projectAt(database.url, {}, `[backup]\nuploads = "${name}"\n`);
  const failure = await failureOf(create(config));
  expect(failure.exitStatus).toBe(66);
  expect(failure.message).toContain(name);
});

test("backups that lie among the uploads are left out of the next one, and named", async () => {
  const config = await projectAt(database.url, {}, `[backup]\ndir = "uploads/backups"\n`);
  writeFiles(config.root, { "uploads/a.txt": "a", "uploads/backups/note.txt": "mine" });
  const earlier = await createFile(config);
  const output = join(config.root, "uploads", "named.tar.gz");
  await create(config, { output });
  const { metadata } = await create(config, { output });
  expect(metadata.left_out.map(({ name, reason }) => [name, reason])).toEqual([
    [`uploads/backups/${basename(earlier)}`, "a backup of this project"],
    ["uploads/named.tar.gz", "a backup of this project"],
  ]);
  expect(metadata.uploads?.files).toBe(2);
});

test("a backup among the uploads is not restored from there, which would remove it", async () => {
  const config = await projectAt(database.url, { "uploads/a.txt": "a" });
  const path = await createFile(config, { output: join(config.root, "uploads", "b.tar.gz") });
  const failure = await failureOf(restore(config, path, { force: true }));
  expect(failure.exitStatus).toBe(65);
  expect(failure.message).toMatch(/among the uploads/);
  expect(existsSync(path)).toBe(true);
  expect(leftovers(config.root)).toEqual([]);
});

test("links, sockets and FIFOs among the uploads are left out and named", async () => {
  const config = await projectAt(database.url, { "uploads/a.txt": "a" });
  const at = (name: string): string => join(uploadsOf(config), name);
  symlinkSync("/etc/passwd", at("link"));
  symlinkSync("nowhere", at("dangling"));
  execFileSync("/bin/sh", ["-c", 'mkfifo "$1"', "sh", at("fifo")]);
  const server = createServer().listen(at("sock"));
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { metadata } = await create(config);
  expect(metadata.left_out).toEqual(
    ["dangling", "fifo", "link", "sock"].map((name) => ({
      name: `uploads/${name}`,
      reason: "neither a plain file nor a folder",
    })),
  );
  expect(metadata.uploads?.files).toBe(1);
});

test("an empty uploads folder comes back, a missing one stays missing", async () => {
  const config = await projectAt(database.url);
  mkdirSync(uploadsOf(config));
  const empty = await createFile(config);
  rmSync(uploadsOf(config), { recursive: true });
  const none = await createFile(config);
  const target = await projectAt(database.url);
  await restore(target, none);
  expect(leftovers(target.root)).toEqual([]);
  expect(Object.keys(treeDigest(target.root))).toEqual(["dazzle.toml"]);
  await restore(target, empty);
  expect(Object.keys(treeDigest(target.root)).sort()).toEqual(["dazzle.toml", "uploads"]);
});

test("times come back to the microsecond, before 1970 and after 2038 too", async () => {
  const names = Array.from({ length: 60 }, (_, at) => `f${at}`);
  const config = await projectAt(
    database.url,
    Object.fromEntries(names.map((name) => [`uploads/${name}`, name])),
  );
  for (const [at, name] of names.entries()) {
    const start = [1_500_000_000, -157_766_400, 4_000_000_000][at % 3] ?? 0;
    // As text: Node takes a negative number for the present time.
    const time = String(start + at * 1.000_003);
    utimesSync(join(uploadsOf(config), name), time, time);
  }
  utimesSync(uploadsOf(config), 1_500_000_000.123_457, 1_500_000_000.123_457);
  const timesIn = (folder: string): [string, bigint][] =>
    ["", ...names].map((name) => [
      name,
      statSync(join(folder, name), { bigint: true }).mtimeNs / 1_000n,
    ]);
  const target = await projectAt(database.url);
  await restore(target, await createFile(config));
  expect(timesIn(uploadsOf(target))).toEqual(timesIn(uploadsOf(config)));
});

/** Calls `harm` whenever a piece of the uploads has been read. */
function whileReading(harm: () => void): Progress {
  let phase = "";
  return {
    phase: (name) => (phase = name),
    add: (bytes) => {
      if (phase === "uploads" && bytes > 0) harm();
    },
    pause: () => undefined,
  };
}

test("a file that is gone by the time it is read is named, and the backup is whole", async () => {
  const config = await projectAt(database.url, { "uploads/a": "a", "uploads/b": "b" });
  const { path, metadata } = await create(config, {
    progress: whileReading(() => rmSync(join(uploadsOf(config), "b"), { force: true })),
  });
  expect(metadata.left_out.map(({ name }) => name)).toEqual(["uploads/b"]);
  expect(metadata.uploads?.files).toBe(1);
  await verifyArchive(path ?? "", noProgress);
});

test("a large file that others write to while it is read is read again, whole", async () => {
  const large = Buffer.alloc(5_000_000, "a");
  const config = await projectAt(database.url, { "uploads/large": large });
  const file = join(uploadsOf(config), "large");
  let harmed = false;
  const { path, metadata } = await create(config, {
    progress: whileReading(() => {
      if (harmed) return;
      harmed = true;
      writeFileSync(file, Buffer.alloc(4_000_000, "b"));
    }),
  });
  expect(harmed).toBe(true);
  expect(metadata.warnings).toEqual([]);
  const target = await projectAt(database.url);
  await restore(target, path ?? "");
  expect(treeDigest(uploadsOf(target))).toEqual(treeDigest(uploadsOf(config)));
});

test("one that never holds still is kept and named in a warning", async () => {
  const config = await projectAt(database.url, { "uploads/log": Buffer.alloc(6_000_000, "a") });
  const file = join(uploadsOf(config), "log");
  let size = 6_000_000;
  const { path, metadata } = await create(config, {
    progress: whileReading(() => truncateSync(file, (size -= 100_000))),
  });
  expect(metadata.warnings).toEqual(["uploads/log changed while it was read"]);
  await verifyArchive(path ?? "", noProgress);
});
