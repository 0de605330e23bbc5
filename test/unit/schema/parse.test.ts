import { expect, test } from "vitest";
import { parseSchema } from "../../../src/schema/parse.js";
import { scratchSql } from "../../../src/schema/statement.js";

const parse = (text: string) => parseSchema([{ name: "schema.sql", text }], "public");
const inScratch = async (text: string) =>
  (await parse(text)).statements.map((statement) => scratchSql(statement, "s"));

test("every name of the namespace is bound to the scratch schema", async () => {
  expect(
    await inScratch(
      `create type k as enum ('a'); create table public.t (id int, k k, ks public.k[], check (public.t.id > 0));
       create index i on t (id); comment on column t.id is 'public.t'; comment on table public.t is 'x';
       comment on constraint c on t is 'y'; create sequence q owned by public.t.id;
       alter table only public.t alter column id set default nextval('public.q'::regclass)`,
    ),
  ).toEqual([
    "create type s.k as enum ('a')",
    "create table s.t (id int, k s.k, ks s.k[], check (s.t.id > 0))",
    "create index i on s.t (id)",
    "comment on column s.t.id is 'public.t'",
    "comment on table s.t is 'x'",
    "comment on constraint c on s.t is 'y'",
    "create sequence s.q owned by s.t.id",
    "alter table only s.t alter column id set default nextval('s.q'::regclass)",
  ]);
});

test("foreign keys are taken out of tables, wherever they stand", async () => {
  expect(
    await inScratch(
      `create table a (id int primary key, constraint f foreign key (id) references b (id), x int references b not null, foreign key (x) references public.b on delete cascade);
       create table b (id int primary key)`,
    ),
  ).toEqual([
    "create table s.a (id int primary key , x int not null )",
    "ALTER TABLE s.a ADD constraint f foreign key (id) references s.b (id)",
    "ALTER TABLE s.a ADD FOREIGN KEY (x) references s.b ",
    "ALTER TABLE s.a ADD foreign key (x) references s.b on delete cascade",
    "create table s.b (id int primary key)",
  ]);
});

test("rename hints stand behind their column, or in front of the first for the table", async () => {
  const { renames } = await parse(
    `create table t ( -- was: old_t
       a int, -- was: x
       b int -- was: "Y Z"
       , c int, /* was: w */ check (a > 0) -- was: nothing
     );`,
  );
  expect(renames).toEqual([
    { table: "t", column: null, from: "old_t" },
    { table: "t", column: "a", from: "x" },
    { table: "t", column: "b", from: "Y Z" },
    { table: "t", column: "c", from: "w" },
  ]);
});

test("of statements that share a line each has the hints behind itself, and no other's", async () => {
  const { renames } = await parse(
    `create table a ( -- was: x
       id int); create table b ( -- was: y
       id int); create index on b (id); -- was: nothing
     create table c (id int); create table d (id int); -- was: z`,
  );
  expect(renames).toEqual([
    { table: "a", column: null, from: "x" },
    { table: "b", column: null, from: "y" },
    { table: "d", column: null, from: "z" },
  ]);
});

test("a mistake is told with file and line, also behind characters of several bytes", async () => {
  await expect(parse("-- ünïcödé\n\ncreate tabel t;")).rejects.toThrow("schema.sql:3");
  await expect(parse("-- 😀\ncommit;")).rejects.toThrow("schema.sql:2");
});

test("all that is refused is told at once, each with its line", async () => {
  const files = ["set lock_timeout = 0;", "create table t (id int);", "create view v as select 1;"];
  await expect(
    parse(`${files.join("\n")}\n${"grant select on t to x;\n".repeat(12)}`),
  ).rejects.toThrow(
    /^SET \(schema\.sql:1\): .*remove it\. Refused as well: CREATE VIEW \(line 3\), GRANT or REVOKE \(line 4\), .*\(line 12\), 3 more$/,
  );
});

test("what the planner does not manage is refused with its place", async () => {
  await expect(
    parse(
      "create table t (a int);\ncreate index i on t ((a + 1));\nalter index i alter 1 set statistics 9",
    ),
  ).rejects.toThrow("ALTER INDEX ... SET STATISTICS (schema.sql:3)");
  for (const text of [
    "create index i on t (a) tablespace fast",
    "create table t (a int primary key using index tablespace fast)",
    "alter table t add constraint u unique (a) using index tablespace fast",
  ]) {
    await expect(parse(text)).rejects.toThrow("TABLESPACE of an index (schema.sql:1)");
  }
  await expect(parse("create procedure p() language sql as 'select 1'")).rejects.toThrow(
    "CREATE PROCEDURE (schema.sql:1)",
  );
});
