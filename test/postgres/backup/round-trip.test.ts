import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { EngineName } from "../../../src/backup/engine/choose.js";
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
  utimesSync(join(uploads, "empty"), "-157766399.5", "-157766399.5");
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

/** Every common type, with a value for row `g`. */
const TYPES: readonly (readonly [string, string])[] = [
  ["smallint", "g"],
  ["bigint", "g * 1000000007::bigint"],
  ["numeric(20,5)", "g / 7.0"],
  ["real", "g / 3.0"],
  ["double precision", "g / 3.0"],
  ["boolean", "g % 2 = 0"],
  ["text", "'t' || g || E'\\t\\n\\\\.'"],
  ["varchar(30)", "'v' || g"],
  ["char(6)", "'c' || g"],
  ["bytea", "decode(md5(g::text), 'hex')"],
  ["date", "date '2000-02-29' + g"],
  ["time", "time '10:00' + g * interval '1 second'"],
  ["timetz", "timetz '10:00+05:30'"],
  ["timestamp", "timestamp '2000-01-01' + g * interval '1 hour 1 microsecond'"],
  ["timestamptz", "timestamptz '2000-01-01Z' + g * interval '1 day'"],
  ["interval", "g * interval '1 month -3 days 0.5 seconds'"],
  ["uuid", "md5(g::text)::uuid"],
  ["json", `('{"a" : ' || g || '}')::json`],
  ["jsonb", "jsonb_build_object('a', array[g, null])"],
  ["int[]", "array[g, null, -g]"],
  ["text[][]", `array[['a"b', null], ['{}', '']]`],
  ["inet", "inet '10.0.0.0' + g"],
  ["cidr", "cidr '10.0.0.0/8'"],
  ["macaddr", "macaddr '08:00:2b:01:02:03'"],
  ["bit(3)", "g::bit(3)"],
  ["bit varying", "B'1' || g::bit(5)"],
  ["point", "point(g, -g)"],
  ["int4range", "int4range(g, g + 5)"],
  ["tstzrange", "tstzrange('2000-01-01Z', null)"],
  ["tsvector", "to_tsvector('simple', 'a b ' || g)"],
  ["xml", "xmlparse(content '<a>' || g || '</a>')"],
  ["money", "g::money"],
  [`"Moo d"`, `case g % 2 when 0 then 'ok' else 'it''s "so"' end::"Moo d"`],
];

const ODD = ["plain", "UPPER", "with space", 'quo""te', "back\\slash", "ünïcode", "select", "a.b"];

/** Table `at`: an odd name, three types, a sequence, a key to itself and one to its neighbour. */
function oddTable(at: number): { create: string; fill: string; key: string } {
  const name = `"${ODD[at % ODD.length] ?? ""} ${at}"`;
  const before = `"${ODD[((at + 499) % 500) % ODD.length] ?? ""} ${(at + 499) % 500}"`;
  const types = [0, 1, 2].map((step) => TYPES[(at * 3 + step) % TYPES.length] ?? ["int", "g"]);
  const columns = types.map(([type], index) => `"c ${index}" ${type}`).join(", ");
  const values = types.map(([, value]) => `case when g % 4 = 3 then null else ${value} end`);
  const identity = at % 2 === 0 ? "serial" : "int generated always as identity";
  return {
    create: `create table ${name} (id ${identity} primary key, up int references ${name}, "next" int,
      ${columns}, twice int generated always as (id * 2) stored)`,
    fill: `insert into ${name} (up, "c 0", "c 1", "c 2")
      select nullif(g - 1, 0), ${values.join(", ")} from generate_series(1, ${at % 7}) g`,
    key: `alter table ${name} add foreign key ("next") references ${before} deferrable`,
  };
}

test("five hundred tables of every common type, with odd names in a ring of keys, come back", async () => {
  const tables = Array.from({ length: 500 }, (_, at) => oddTable(at));
  const schema = [
    `create type "Moo d" as enum ('ok', 'it''s "so"')`,
    tables.map(({ create }) => create).join(";"),
    tables.map(({ key }) => key).join(";"),
  ];
  const source = await database(...schema, tables.map(({ fill }) => fill).join(";"));
  const config = await projectAt(source);
  const before = await digest(source);
  expect(Object.keys(before).filter((name) => name.startsWith("public.")).length).toBe(1_000);
  const target = await database(...schema);
  for (const engine of ["pg_dump", "copy"] as const) {
    const path = await createFile(config, { engine });
    await restore(onDatabase(config, target), path, { force: true });
    expect(await digest(target), engine).toEqual(before);
  }
}, 240_000);
