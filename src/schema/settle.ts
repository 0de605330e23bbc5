/**
 * Asks the server whether two spellings mean the same: both are created in a scratch table, read
 * back, and that again, until they meet or stay apart. For example `v IN ('a', 'b')` on a varchar
 * column is spelled one way from the source and another way from its own spelling.
 */
import { randomBytes } from "node:crypto";
import type { Session } from "../postgres/session.js";
import { questionKey, type Question } from "./diff/question.js";
import type { Model } from "./model.js";
import { id } from "./names.js";

/** Spellings settle in one or two rounds; more would be a server that never repeats itself. */
const ROUNDS = 3;

/** Keys of the questions whose answer is yes. Needs an open transaction; leaves it as it was. */
export async function settle(
  session: Session,
  questions: readonly Question[],
  desired: Model,
  live: Model,
): Promise<Set<string>> {
  const same = new Set<string>();
  if (questions.length === 0) return same;
  const schema = `dazzle_scratch_${randomBytes(8).toString("hex")}`;
  await session.query("savepoint dazzle_settle");
  try {
    await session.query(`create schema ${schema}`);
    const tables = new Set<string>();
    for (const question of questions) {
      const table = `${schema}.${id(question.of)}`;
      if (question.kind !== "domain" && !tables.has(question.of)) {
        tables.add(question.of);
        await createTable(session, table, question.of, desired, live);
      }
      if (await meets(session, question, table, desired)) same.add(questionKey(question));
    }
  } finally {
    if (!session.lost.aborted) await session.query("rollback to savepoint dazzle_settle");
  }
  return same;
}

/** Bare columns; those of types that are yet to be created cannot occur in a live text. */
async function createTable(
  session: Session,
  table: string,
  name: string,
  desired: Model,
  live: Model,
): Promise<void> {
  const types = new Set([...live.enums, ...live.domains, ...live.composites].map((t) => t.name));
  const columns = desired.tables.find((item) => item.name === name)?.columns ?? [];
  const list = columns
    .filter(({ usesType }) => usesType === null || types.has(usesType))
    .map(({ name: column, type, collation }) =>
      [id(column), type, ...(collation === null ? [] : [`collate ${collation}`])].join(" "),
    );
  await attempt(session, () => session.query(`create table ${table} (${list.join(", ")})`));
}

async function meets(
  session: Session,
  question: Question,
  table: string,
  desired: Model,
): Promise<boolean> {
  const seen = { live: new Set([question.live]), desired: new Set([question.desired]) };
  let { live, desired: wanted } = question;
  for (let round = 0; round < ROUNDS; round += 1) {
    const again = await respell(session, question, wanted, table, desired);
    if (again === null) return false;
    if (seen.live.has(again)) return true;
    seen.desired.add(again);
    wanted = again;
    const other = await respell(session, question, live, table, desired);
    if (other === null) return false;
    if (seen.desired.has(other)) return true;
    seen.live.add(other);
    live = other;
  }
  return false;
}

/** The server's spelling of `text`; null when it refuses it. Leaves nothing behind. */
async function respell(
  session: Session,
  question: Question,
  text: string,
  table: string,
  desired: Model,
): Promise<string | null> {
  const { create, read } = probe(question, text, table, desired);
  let spelled: string | null = null;
  await attempt(
    session,
    async () => {
      await session.query(create);
      const [row] = await session.query<{ text: string | null }>(read);
      spelled = row?.text ?? null;
    },
    true,
  );
  return spelled;
}

function probe(
  { kind, column, of }: Question,
  text: string,
  table: string,
  desired: Model,
): { create: string; read: string } {
  const oid = `'${table.replaceAll("'", "''")}'::regclass`;
  const attribute = id(column ?? "");
  const attnum = `(select attnum from pg_catalog.pg_attribute where attrelid = ${oid} and attname = '${(column ?? "").replaceAll("'", "''")}')`;
  const expression = `select pg_catalog.pg_get_expr(adbin, adrelid) as text from pg_catalog.pg_attrdef where adrelid = ${oid} and adnum = ${attnum}`;
  switch (kind) {
    case "constraint":
      return {
        create: `alter table ${table} add constraint dazzle_settle ${text}`,
        read: `select pg_catalog.pg_get_constraintdef(oid) as text from pg_catalog.pg_constraint where conrelid = ${oid} and conname = 'dazzle_settle'`,
      };
    case "index":
      return {
        create: `create index dazzle_settle on ${table} ${text}`,
        read: `select substr(d, strpos(d, ' USING ') + 1) as text from (select pg_catalog.pg_get_indexdef(indexrelid) as d from pg_catalog.pg_index where indrelid = ${oid}) as def`,
      };
    case "default":
      return {
        create: `alter table ${table} alter column ${attribute} set default ${text}`,
        read: expression,
      };
    case "generated": {
      const type = desired.tables
        .find(({ name }) => name === of)
        ?.columns.find(({ name }) => name === column)?.type;
      return {
        create: `alter table ${table} drop column ${attribute}, add column ${attribute} ${type ?? "text"} generated always as (${text}) stored`,
        read: expression,
      };
    }
    case "domain": {
      const type = desired.domains.find(({ name }) => name === of)?.type ?? "text";
      return {
        create: `create domain ${table} as ${type} constraint dazzle_settle ${text}`,
        read: `select pg_catalog.pg_get_constraintdef(oid) as text from pg_catalog.pg_constraint where contypid = '${table.replaceAll("'", "''")}'::regtype`,
      };
    }
  }
}

/** Runs `work` behind a savepoint; a refusal by the server is an answer, not a failure. */
async function attempt(
  session: Session,
  work: () => Promise<unknown>,
  undo = false,
): Promise<void> {
  await session.query("savepoint dazzle_probe");
  try {
    await work();
    if (undo) await session.query("rollback to savepoint dazzle_probe");
  } catch (error) {
    if (session.lost.aborted) throw error;
    await session.query("rollback to savepoint dazzle_probe");
  }
  await session.query("release savepoint dazzle_probe");
}
