import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { withArchive } from "../../../src/backup/archive/archive-reader.js";
import { scanArchive } from "../../../src/backup/archive/scan.js";
import { noProgress } from "../../../src/backup/progress.js";
import { createStage } from "../../../src/backup/uploads/stage.js";
import { verifyArchive } from "../../../src/backup/verify.js";
import { SuperviseError } from "../../../src/errors.js";
import { archive, FILE, FOLDER, sample, type Member, type Shape } from "../../support/hostile.js";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "supervise-hostile-"));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Unpacks `bytes` as a restore does. The refusal, or null when it was accepted. */
async function unpack(bytes: Buffer, room = folder()): Promise<SuperviseError | null> {
  const path = join(room, "backup.tar.gz");
  const fresh = mkdtempSync(join(room, "stage-"));
  writeFileSync(path, bytes);
  try {
    await withArchive(path, async (file, info) => {
      const stage = createStage(fresh);
      await scanArchive(file, info, { upload: (entry, content) => stage.take(entry, content) });
      await stage.finish();
    });
    return null;
  } catch (error) {
    if (error instanceof SuperviseError) return error;
    throw error;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

const type =
  (letter: string) =>
  (head: Buffer): void => {
    head.write(letter, 156, "latin1");
  };
const pax = (text: string): Member => ({
  path: "PaxHeader",
  content: text,
  header: type("x"),
  summed: false,
});
const record = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`;
  return `${rest.length + 2}${rest}`;
};

const two = { uploads: { files: 2, folders: 1, bytes: 10 } };

const HOSTILE: readonly (readonly [string, Shape, RegExp])[] = [
  [
    "an absolute path",
    { members: [FOLDER, { path: "/etc/passwd", content: "hello" }] },
    /absolute/,
  ],
  [
    "a climbing path",
    { members: [FOLDER, { path: "uploads/../../x", content: "hello" }] },
    /part "\.\."/,
  ],
  [
    "a climbing path that ends inside",
    { members: [FOLDER, { path: "uploads/../uploads/x", content: "hello" }] },
    /part "\.\."/,
  ],
  [
    "a dot in the path",
    { members: [FOLDER, { path: "uploads/./x", content: "hello" }] },
    /part "\."/,
  ],
  ["an empty part", { members: [FOLDER, { path: "uploads//x", content: "hello" }] }, /empty part/],
  [
    "a symbolic link",
    { members: [FOLDER, { ...FILE, content: "", header: type("2") }] },
    /symbolic link/,
  ],
  ["a hard link", { members: [FOLDER, { ...FILE, content: "", header: type("1") }] }, /hard link/],
  [
    "a character device",
    { members: [FOLDER, { ...FILE, content: "", header: type("3") }] },
    /device/,
  ],
  ["a block device", { members: [FOLDER, { ...FILE, content: "", header: type("4") }] }, /device/],
  ["a FIFO", { members: [FOLDER, { ...FILE, content: "", header: type("6") }] }, /FIFO/],
  ["a sparse file", { members: [FOLDER, { ...FILE, header: type("S") }] }, /sparse/],
  ["a contiguous file", { members: [FOLDER, { ...FILE, header: type("7") }] }, /of type "7"/],
  [
    "an unknown type",
    { members: [FOLDER, { ...FILE, header: type("\u0001") }] },
    /of type "\\x01"/,
  ],
  ["a global PAX header", { members: [FOLDER, { ...FILE, header: type("g") }] }, /global PAX/],
  ["a PAX path", { members: [FOLDER, pax(record("path", "../../x")), FILE] }, /PAX header/],
  ["a PAX size", { members: [FOLDER, pax(record("size", "9999")), FILE] }, /PAX header/],
  [
    "a long link name",
    { members: [FOLDER, { path: "x", content: "../x", header: type("K") }, FILE] },
    /long link name/,
  ],
  [
    "a path prefix",
    {
      members: [
        FOLDER,
        {
          ...FILE,
          header: (head) => {
            head.write("../..", 345);
          },
        },
      ],
    },
    /prefix/,
  ],
  ["a member twice", { members: [FOLDER, FILE, FILE], metadata: two }, /twice or out of order/],
  [
    "members out of order",
    { members: [FOLDER, { path: "uploads/b", content: "hello" }, FILE], metadata: two },
    /out of order/,
  ],
  [
    "a file in no folder",
    { members: [FOLDER, { path: "uploads/no/x", content: "hello" }] },
    /folder is not in the backup/,
  ],
  [
    "a file below a file",
    { members: [FOLDER, FILE, { path: "uploads/a/b", content: "hello" }], metadata: two },
    /folder is not in the backup/,
  ],
  [
    "uploads that are a file",
    { members: [{ path: "uploads/", content: "hello" }] },
    /does not fit its kind/,
  ],
  [
    "an undeclared top-level name",
    { members: [{ path: "evil", content: "hello" }, FOLDER, FILE] },
    /does not declare/,
  ],
  [
    "a database member that is not declared",
    { members: [{ path: "database/x", content: "hello" }, FOLDER, FILE] },
    /does not declare/,
  ],
  [
    "a missing database member",
    { metadata: { members: [{ path: "database/x", size: 1, sha256: "0".repeat(64) }] } },
    /missing/,
  ],
  [
    "a member that is not in SHA256SUMS",
    { members: [FOLDER, { ...FILE, summed: false }] },
    /not the next one in SHA256SUMS/,
  ],
  [
    "a name in SHA256SUMS without a member",
    { sums: (lines) => [...lines, Buffer.from(`${"0".repeat(64)}  x\n`)] },
    /missing/,
  ],
  ["SHA256SUMS in another form", { sums: () => [Buffer.from("hello")] }, /malformed/],
  [
    "a wrong checksum",
    {
      sums: (lines) =>
        lines.map((line) =>
          Buffer.from(line.toString().replace(/^./, (digit) => (digit === "0" ? "1" : "0"))),
        ),
    },
    /checksum of uploads\/a/,
  ],
  [
    "more uploads than declared",
    { members: [FOLDER, FILE, { path: "uploads/b", content: "hello" }] },
    /more uploads/,
  ],
  ["fewer uploads than declared", { metadata: two }, /fewer uploads/],
  [
    "larger uploads than declared",
    { metadata: { uploads: { files: 1, folders: 1, bytes: 4 } } },
    /larger than declared/,
  ],
  ["data behind the end", { behindEnd: Buffer.from("x".repeat(512)) }, /behind its end/],
  [
    "a bomb",
    {
      members: [FOLDER, { path: "uploads/a", content: Buffer.alloc(64 << 20) }],
      metadata: { uploads: { files: 1, folders: 1, bytes: 64 << 20 } },
    },
    /bomb/,
  ],
  [
    "huge metadata",
    {
      metadataText: Buffer.concat([
        Buffer.from("{"),
        Buffer.alloc(17 << 20, 0x20),
        Buffer.from("}"),
      ]),
    },
    /too large/,
  ],
  [
    "metadata of very many parts",
    { metadataText: Buffer.from(`{"tables":[${"{},".repeat(500_000)}{}]}`) },
    /more parts/,
  ],
  [
    "metadata of many numbers",
    { metadataText: Buffer.from(`{"patched_headers":[${"0,".repeat(1_100_000)}0]}`) },
    /more parts/,
  ],
  [
    "metadata of great depth",
    { metadataText: Buffer.from(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) },
    /more parts/,
  ],
  [
    "corrected headers without members",
    { metadata: { patched_headers: [0, 1, 2] } },
    /headers that cannot be/,
  ],
  [
    "a long name that climbs",
    {
      members: [
        FOLDER,
        { path: "x", content: `uploads/${"../".repeat(50)}x\0`, header: type("L"), summed: false },
        FILE,
      ],
    },
    /part "\.\."/,
  ],
  [
    "a long name that is absolute",
    {
      members: [
        FOLDER,
        { path: "x", content: `/${"a".repeat(120)}\0`, header: type("L"), summed: false },
        FILE,
      ],
    },
    /absolute/,
  ],
  [
    "a long name of a mebibyte",
    {
      members: [
        FOLDER,
        { path: "x", content: Buffer.alloc(1 << 20, "a"), header: type("L"), summed: false },
        FILE,
      ],
    },
    /extension is too large/,
  ],
  ["a PAX link", { members: [FOLDER, pax(record("linkpath", "/etc")), FILE] }, /PAX header/],
  [
    "a PAX sparse map",
    { members: [FOLDER, pax(record("GNU.sparse.major", "1")), FILE] },
    /PAX header/,
  ],
  [
    "a size beyond the archive",
    {
      members: [
        FOLDER,
        {
          ...FILE,
          header: (head) => {
            head.write("77777777777", 124, "latin1");
          },
        },
      ],
    },
    /larger than declared/,
  ],
  [
    "a database member of another checksum than metadata.json says",
    {
      members: [{ path: "database/x", content: "x" }],
      metadata: {
        uploads: null,
        members: [{ path: "database/x", size: 1, sha256: "0".repeat(64) }],
      },
    },
    /not that of metadata\.json/,
  ],
  ["metadata that is no JSON", { metadataText: Buffer.from("{]") }, /not JSON/],
  ["metadata in another encoding", { metadataText: Buffer.from([0x7b, 0xff, 0x7d]) }, /not JSON/],
  [
    "metadata with a field of another type",
    { metadataText: Buffer.from(JSON.stringify({ ...sample, project: 7 })) },
    /project is not a text/,
  ],
  ["a format of the future", { metadata: { format_version: 2 } }, /upgrade/],
  [
    "a negative size",
    { metadata: { sizes: { database: -1, uploads: 0, total: 0 } } },
    /not a count/,
  ],
];

test("what a backup looks like is accepted", async () => {
  expect(await unpack(archive({}))).toBeNull();
});

test.each(HOSTILE)("%s is refused with 65 and leaves nothing outside", async (_, shape, why) => {
  const room = folder();
  const refusal = await unpack(archive(shape), room);
  expect(refusal?.exitStatus).toBe(65);
  expect(refusal?.message).toMatch(why);
  expect(readdirSync(room)).toEqual(["backup.tar.gz"]);
});

test("data behind the last byte is refused", async () => {
  const refusal = await unpack(Buffer.concat([archive({}), Buffer.from("x")]));
  expect(refusal?.exitStatus).toBe(65);
});

test("names with control characters are shown escaped", async () => {
  const refusal = await unpack(
    archive({ members: [FOLDER, { path: "uploads/\u001b[2J", content: "", header: type("2") }] }),
  );
  expect(refusal?.message).toContain("\\x1b[2J");
});

test("cut anywhere, it is refused", async () => {
  const whole = archive({});
  const room = folder();
  for (let length = 0; length < whole.length; length += 11) {
    const refusal = await unpack(whole.subarray(0, length), room);
    expect(refusal?.exitStatus, `cut at ${length}`).toBe(65);
  }
}, 60_000);

test("any flipped bits, removed or doubled bytes are refused", async () => {
  const whole = archive({ metadata: { sizes: sample.sizes } });
  const room = folder();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom("flip", "remove", "double"),
      fc.integer({ min: 1, max: 40 }),
      async (at, bits, how, length) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ bits;
        const end = Math.min(at + length, whole.length);
        const mutated =
          how === "flip"
            ? changed
            : how === "remove"
              ? Buffer.concat([whole.subarray(0, at), whole.subarray(end)])
              : Buffer.concat([whole.subarray(0, end), whole.subarray(at)]);
        const refusal = await unpack(mutated, room);
        expect(refusal?.exitStatus).toBe(65);
        expect(readdirSync(room)).toEqual(["backup.tar.gz"]);
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

test("verify refuses what a restore would refuse", async () => {
  const path = join(folder(), "backup.tar.gz");
  writeFileSync(path, archive({ members: [FOLDER, { ...FILE, content: "", header: type("2") }] }));
  await expect(verifyArchive(path, noProgress)).rejects.toMatchObject({ exitStatus: 65 });
});
