import { expect, test } from "vitest";
import { parseSchema } from "../../../src/schema/parse.js";
import type { ParsedSchema } from "../../../src/schema/statement.js";
import type { Memo } from "../../../src/schema/memo.js";

const parse = (text: string, memo?: Memo) =>
  parseSchema([{ name: "schema.sql", text }], "public", memo);

/** All that a plan takes from it; `edits` are worked out. */
const said = ({ statements, extensions, renames, explicitNames }: ParsedSchema) => ({
  statements: statements.map((statement) => ({ ...statement, edits: statement.edits() })),
  extensions,
  renames,
  explicitNames: [...explicitNames].sort(),
});

/** As it comes back from where it was kept: plain data survives that unchanged. */
function kept(memo: Memo): Memo {
  for (const digest of memo.values()) {
    expect(JSON.parse(JSON.stringify(digest))).toStrictEqual(digest);
  }
  return memo;
}

const SCHEMA = `-- ünlike ASCII
create extension if not exists citext; comment on extension citext is 'c';
create type mood as enum ('a;b', 'ü');
create domain "Odd Name" as text constraint short check (length(value) < 9);
create sequence public.q owned by t.id;
create table t (
  id bigint generated always as identity primary key,
  /* ; */ mood mood default 'a;b', moods public.mood[], odd "Odd Name",
  other bigint references public.u (id) on delete cascade, n int default nextval('public.q'),
  constraint f foreign key (other, n) references u (id, n), check (n > 0)
);
create table u (id bigint primary key, n int, unique (id, n));
create unique index concurrently i on t (mood) where n > 1;
alter table only t add constraint late foreign key (n) references u (id) not valid;
comment on constraint f on t is 'it''s; so';
comment on column public.t.n is $x$ ; $x$;`;

test("statements that are known mean what they meant when they were read", async () => {
  const first = await parse(SCHEMA);
  const again = await parse(SCHEMA, kept(first.memo));
  expect(said(again)).toEqual(said(first));
  expect([...again.memo]).toEqual([...first.memo]);
});

test.each([
  ["a column more", (text: string) => text.replace("n int default", "m text, n int default")],
  [
    "a table more in front",
    (text: string) => `create table a (id int references t (other));${text}`,
  ],
  ["a statement less", (text: string) => text.replace(/create unique index[^;]*;/, "")],
  [
    "a rename hint",
    (text: string) => text.replace('odd "Odd Name",', 'odd "Odd Name", -- was: even\n'),
  ],
  [
    "a hint behind a table",
    (text: string) => text.replace("unique (id, n));", "unique (id, n)); -- was: v"),
  ],
  [
    "another type of a known name",
    (text: string) => text.replace("enum ('a;b', 'ü')", "enum ('a;b')"),
  ],
  ["other spaces and comments between", (text: string) => text.replaceAll(";\n", " ;\n-- ; x\n\n")],
])("with %s the rest is taken as known, and the whole is as if read anew", async (_, change) => {
  const memo = kept((await parse(SCHEMA)).memo);
  const changed = change(SCHEMA);
  expect(changed).not.toBe(SCHEMA);
  expect(said(await parse(changed, memo))).toEqual(said(await parse(changed)));
});

test.each([
  ["a mistake", `${SCHEMA}\ncreate tabel x (id int);`],
  ["an open string", `${SCHEMA}\ncomment on table t is 'x;`],
  ["an open comment in front", `/* ${SCHEMA}`],
  ["an open comment at the end", `${SCHEMA} /* /* */ create table v (id int);`],
  ["a zero byte", `${SCHEMA}\n\0 create table x (id int);`],
  ["a statement that is not allowed", `${SCHEMA}\ndrop table t;`],
  ["a thing twice", `${SCHEMA}\ncreate table u (id int);`],
  ["a table elsewhere", `${SCHEMA}\ncreate index on x.t (id);`],
  ["code behind a carriage return in a comment", `-- a\rdrop table t;\n${SCHEMA}`],
  [
    "a no-break space in front of a known statement",
    SCHEMA.replace("create table u", "\u00a0create table u"),
  ],
])("%s is refused in the same words beside known statements", async (_, text) => {
  const memo = kept((await parse(SCHEMA)).memo);
  const whole = await parse(text).then(
    () => null,
    (error: unknown) => error,
  );
  expect(whole).toBeInstanceOf(Error);
  await expect(parse(text, memo)).rejects.toEqual(whole);
});
