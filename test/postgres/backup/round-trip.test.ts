import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EngineName } from "../../../src/backup/engine/choose.js";
import { noProgress } from "../../../src/backup/progress.js";
import { verifyArchive } from "../../../src/backup/verify.js";
import { SuperviseError } from "../../../src/errors.js";
import { createFile, digest, leftovers, onDatabase, projectAt } from "../../support/backup.js";
import { restore, rowsOf, run, treeDigest, writeFiles } from "../../support/backup.js";
import { ROWS, SCHEMA } from "../../support/backup-schema.js";
import { createDatabase } from "../../support/database.js";

async function database(...statements: readonly string[]): Promise<string> {
  const made = await createDatabase();
  onTestFinished(() => made.drop());
  await run(made.url, ...statements);
  return made.url;
}

function writeOddUploads(root: string): void {
  const uploads = join(root, "uploads");
  writeFiles(uploads, {
    "photo.jpg": Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7919) % 256)),
    "deep/er/note.txt": "hello",
    "new\nline": "n",
    "back\\slash": "b",
    [`${"long".repeat(50)}.txt`]: "l",
    empty: "",
    "-dash": "d",
    zeros: Buffer.alloc(3_000_000),
  });
  mkdirSync(join(uploads, "nothing in it"));
  writeFileSync(
    Buffer.concat([Buffer.from(`${uploads}/`), Buffer.from([0x62, 0xff, 0xfe])]),
    "bytes",
  );
  chmodSync(join(uploads, "photo.jpg"), 0o640);
  chmodSync(join(uploads, "deep"), 0o750);
  utimesSync(join(uploads, "photo.jpg"), 981_173_106.789, 981_173_106.789);
  utimesSync(join(uploads, "empty"), -157_766_399.5, -157_766_399.5);
  utimesSync(join(uploads, "nothing in it"), 1e9, 1e9);
}

describe.each<EngineName>(["pg_dump", "copy"])("with the engine %s", (engine) => {
  test("every table, sequence, large object and upload comes back as it was", async () => {
    const source = await database(...SCHEMA, ...ROWS);
    const config = await projectAt(source);
    writeOddUploads(config.root);
    const path = await createFile(config, { engine });
    const before = treeDigest(join(config.root, "uploads"));

    const target = await database(...SCHEMA);
    const elsewhere = await projectAt(target);
    const result = await restore(elsewhere, path);

    expect(result.warnings).toEqual([]);
    expect(await digest(target)).toEqual(await digest(source));
    expect(treeDigest(join(elsewhere.root, "uploads"))).toEqual(before);
    expect(leftovers(elsewhere.root)).toEqual([]);
  });

  test("a second restore with force replaces rows that came since", async () => {
    const source = await database(...SCHEMA, ...ROWS);
    const config = await projectAt(source);
    const path = await createFile(config, { engine });
    const before = await digest(source);
    await run(
      source,
      "insert into author (name) select 'later' from generate_series(1, 10)",
      "delete from refers",
      "update book set title = title || title",
      "select nextval('free')",
      "update file set content = lo_from_bytea(0, 'other') where id = 1",
    );
    await run(
      source,
      "select lo_unlink(oid) from pg_largeobject_metadata where md5(lo_get(oid)) = md5('other'::bytea)",
    );
    await restore(config, path, { force: true });
    expect(await digest(source)).toEqual(before);
  });

  test("statistics are fresh after a restore", async () => {
    const source = await database(
      "create table t (id int)",
      "insert into t select generate_series(1, 1000)",
    );
    const path = await createFile(await projectAt(source), { engine });
    const target = await database("create table t (id int)");
    await restore(onDatabase(await projectAt(target), target), path);
    const [row] = await rowsOf<{ tuples: number }>(
      target,
      "select reltuples::int as tuples from pg_class where oid = 't'::regclass",
    );
    expect(row?.tuples).toBe(1000);
  });
});

test("five hundred tables come back with every row", async () => {
  const schema = Array.from(
    { length: 500 },
    (_, at) => `create table t${at} (id serial primary key, v text)`,
  );
  const rows = Array.from(
    { length: 500 },
    (_, at) => `insert into t${at} (v) select 'v' || g from generate_series(1, ${at % 7}) g`,
  );
  const source = await database(schema.join(";"), rows.join(";"));
  const path = await createFile(await projectAt(source));
  const target = await database(schema.join(";"));
  await restore(await projectAt(target), path);
  expect(await digest(target)).toEqual(await digest(source));
});

test.each<EngineName>(["pg_dump", "copy"])(
  "no change to a real archive of %s goes unnoticed",
  async (engine) => {
    const config = await projectAt(await database(...SCHEMA, ...ROWS), {
      "uploads/a.txt": "hello",
    });
    const path = await createFile(config, { engine });
    const whole = readFileSync(path);
    const mutated = join(config.root, "mutated.tar.gz");
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, bits, cut) => {
          const changed = Buffer.from(cut ? whole.subarray(0, at) : whole);
          if (!cut) changed[at] = (changed[at] ?? 0) ^ bits;
          writeFileSync(mutated, changed);
          const outcome = await verifyArchive(mutated, noProgress).then(
            () => "accepted",
            (error: unknown) => (error instanceof SuperviseError ? error.exitStatus : error),
          );
          expect(outcome).toBe(65);
        },
      ),
      { numRuns: 60 },
    );
  },
);
