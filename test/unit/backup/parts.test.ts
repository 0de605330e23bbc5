import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Inventory } from "../../../src/backup/database/inventory.js";
import { chooseEngine } from "../../../src/backup/engine/choose.js";
import type { PgDump } from "../../../src/backup/engine/find-pg-dump.js";
import { showPath } from "../../../src/backup/archive/member-path.js";
import { decodeSum, encodeSum } from "../../../src/backup/archive/sums.js";
import { BLOCK, decodeHeader, encodeEntry } from "../../../src/backup/archive/tar-header.js";
import { leastBytes } from "../../../src/backup/free-space.js";
import { encodeMetadata } from "../../../src/backup/metadata.js";
import { backupName, backupTime } from "../../../src/backup/names.js";
import { parseMetadata } from "../../../src/backup/parse-metadata.js";
import { planPrune } from "../../../src/backup/prune.js";
import { progressLine } from "../../../src/cli/render/backup-progress.js";
import { sample } from "../../support/hostile.js";

const TIME = new Date("2026-03-10T07:08:09.900Z");

test("a name tells project and time in UTC, and is read back", () => {
  expect(backupName("my app/2", TIME)).toBe("backup-my-app-2-20260310-070809.tar.gz");
  expect(backupTime("backup-tasks-20260310-070809.tar.gz", "tasks")?.toISOString()).toBe(
    "2026-03-10T07:08:09.000Z",
  );
});

test.each([
  "backup-tasks-2-20260310-070809.tar.gz",
  "backup-tasks-20261310-070809.tar.gz",
  "backup-tasks-20260310-070809.tar.gz.partial",
  "backup-other-20260310-070809.tar.gz",
])("%s is no backup of the project tasks", (name) => {
  expect(backupTime(name, "tasks")).toBeNull();
});

test("prune keeps the newest good ones, and damaged ones do not count", async () => {
  const all = [1, 2, 3, 4, 5].map((time) => ({ path: String(time), time }));
  const good = (one: { path: string }): Promise<boolean> => Promise.resolve(one.path !== "5");
  const plan = await planPrune(all, 2, good);
  expect(plan.damaged.map(({ path }) => path)).toEqual(["5"]);
  expect(plan.keep.map(({ path }) => path)).toEqual(["4", "3"]);
  expect(plan.remove.map(({ path }) => path)).toEqual(["2", "1"]);
});

test("prune removes nothing when there are fewer good ones than to keep", async () => {
  const all = [1, 2].map((time) => ({ path: String(time), time }));
  const plan = await planPrune(all, 3, ({ path }) => Promise.resolve(path === "1"));
  expect(plan.remove).toEqual([]);
});

test("a line of SHA256SUMS holds any name", () => {
  const sha256 = "0a".repeat(32);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
      const path = Buffer.from(bytes);
      const line = encodeSum(path, sha256);
      expect(line.indexOf(0x0a)).toBe(line.length - 1);
      expect(decodeSum(line.subarray(0, -1))).toEqual({ path, sha256 });
    }),
  );
});

test.each([0, 0o777, 8 ** 11 - 1, 8 ** 11, 2 ** 53 - 1])(
  "a tar header holds the size %d",
  (size) => {
    const blocks = encodeEntry({
      path: Buffer.from("x"),
      kind: "file",
      size,
      mode: 0o640,
      mtimeNs: 5_000_000_000n,
    });
    expect(blocks).toHaveLength(BLOCK);
    expect(decodeHeader(blocks)).toMatchObject({ size, mode: 0o640, seconds: 5, type: "0" });
  },
);

test("metadata comes back as it was", () => {
  expect(parseMetadata(encodeMetadata(sample))).toEqual(sample);
});

describe("the engine", () => {
  const dump = (major: number): PgDump => ({ path: `/${major}`, version: `${major}.1`, major });
  const inventory: Inventory = {
    namespace: "public",
    exists: true,
    tables: [],
    sequences: [],
    views: [],
    largeObjects: { count: 0, unreadable: 0 },
    leftOut: [],
  };

  test("is the newest pg_dump that is not older than the server", () => {
    expect(chooseEngine("auto", [dump(17), dump(15)], 15, inventory)).toMatchObject({
      name: "pg_dump",
      program: { major: 17 },
    });
  });

  test("is COPY where every pg_dump is older than the server, newer than we read, or missing", () => {
    for (const found of [[dump(15)], [dump(19)], []]) {
      expect(chooseEngine("auto", found, 18, inventory)).toMatchObject({ name: "copy" });
      expect(() => chooseEngine("pg_dump", found, 18, inventory)).toThrow(/pg_dump/);
    }
  });

  test("is COPY where pg_dump would leave something out", () => {
    const others = { ...inventory, largeObjects: { count: 1, unreadable: 1 } };
    expect(chooseEngine("auto", [dump(17)], 15, others)).toMatchObject({ name: "copy" });
  });
});

test("names are shown without what steers a terminal", () => {
  expect(showPath(Buffer.from("a\u001b[2Jé\u202e"))).toBe("a\\x1b[2Jé\\u202e");
  expect(showPath(Buffer.from([0x61, 0xff]))).toBe("a\\xff");
});

test("progress tells size, rate and time left", () => {
  expect(progressLine("uploads", 50e6, 100e6, 2_000)).toBe(
    "uploads 50 MB of 100 MB, 25 MB/s, 2s left",
  );
  expect(progressLine("uploads", 1, 100e6, 200)).toBe("uploads 1 B of 100 MB, 5 B/s");
  expect(progressLine("database", 0, null, 0)).toBe("database 0 B");
});

test("the least space counts a little of the tables and more of the uploads", () => {
  expect(leastBytes({ tables: 1_000, uploads: 1_000 })).toBe(320);
});
