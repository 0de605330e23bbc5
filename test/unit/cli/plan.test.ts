import { expect, test } from "vitest";
import { renderPlan } from "../../../src/cli/render/plan.js";
import { wrapSql } from "../../../src/cli/render/wrap.js";
import type { Plan, SafeStep } from "../../../src/migration/plan.js";

const step: SafeStep = {
  operation: "add_column",
  table: "account",
  object: "token",
  sql: "ALTER TABLE public.account DROP CONSTRAINT IF EXISTS account_token_check, ADD CONSTRAINT account_token_check CHECK (token <> 'a long literal, which has many words and commas, and is not cut anywhere') NOT VALID",
  lock: "ACCESS EXCLUSIVE",
  rewrites: false,
  transactional: true,
  lock_timeout_ms: 100,
  statement_timeout_ms: 5_000,
  work: null,
};
const plan: Plan = {
  database: { host: "db", name: "tasks", server_version: "15.18" },
  safe: [
    step,
    {
      ...step,
      sql: "ALTER TABLE public.account VALIDATE CONSTRAINT account_token_check",
      lock: "SHARE UPDATE EXCLUSIVE",
      work: { rows: 50_000, bytes: 2_600_000 },
    },
  ],
  unsafe: [
    {
      operation: "drop_column",
      table: "task",
      object: "name",
      reason: `the column goes ${"and its rows with it ".repeat(6)}`.trim(),
      suggestion:
        `ALTER TABLE public.task DROP COLUMN name;\n-- check ${"every word of it ".repeat(8)}`.trim(),
      lock: "ACCESS EXCLUSIVE",
      rewrites: false,
      work: null,
    },
  ],
  revisions: { current: null, pending: ["20260101000000"] },
  up_to_date: false,
};

test("a plan fits the terminal, and a string literal is never cut", () => {
  const lines = renderPlan(plan, { colour: false, columns: 80 }).split("\n");
  const long = lines.filter((line) => line.length > 80);
  expect(long).toEqual([
    expect.stringContaining("'a long literal, which has many words and commas,"),
  ]);
  expect(lines.filter((line) => line.includes("-- "))).toHaveLength(2);
});

test("for a program nothing is cut", () => {
  const text = renderPlan(plan, { colour: false, columns: Infinity });
  expect(text).toContain(step.sql);
  expect(text).toContain(plan.unsafe[0]?.reason);
});

test("cut SQL is the same SQL", () => {
  const sql = `CREATE TABLE t (\n  a text DEFAULT 'two\nlines and more than fit', b text DEFAULT E'\\'', "odd name" int\n)`;
  expect(wrapSql(sql, 20).join("\n").replaceAll(/\s+/g, " ")).toBe(sql.replaceAll(/\s+/g, " "));
  expect(wrapSql(sql, 20).join("\n")).toContain("'two\nlines and more than fit'");
});

test("validating a constraint reads the rows, filling a column writes them", () => {
  const text = renderPlan(plan, { colour: false, columns: 80 });
  expect(text).toContain("reads about 50,000 rows, 2.6 MB");
  const [, validate] = plan.safe;
  const fill = { ...(validate ?? step), lock: "ROW EXCLUSIVE" as const };
  expect(renderPlan({ ...plan, safe: [fill] }, { colour: false, columns: 80 })).toContain(
    "writes about 50,000 rows",
  );
});

test("an unsafe change shows its lock and what it does to how many rows, and under which lock", () => {
  const [change] = plan.unsafe;
  if (change === undefined) throw new Error("no unsafe change");
  const text = (cost: Partial<typeof change>) =>
    renderPlan({ ...plan, unsafe: [{ ...change, ...cost }] }, { colour: false, columns: 80 });
  expect(text({})).toContain("      lock ACCESS EXCLUSIVE; catalog only\n");
  const work = { does: "rewrites", rows: 5_000_000, bytes: 400_000_000 } as const;
  expect(text({ rewrites: true, work: { ...work, lock: "ACCESS EXCLUSIVE" } })).toContain(
    "      lock ACCESS EXCLUSIVE; rewrites about 5,000,000 rows, 400 MB\n",
  );
  expect(
    text({ work: { ...work, does: "reads", lock: "SHARE UPDATE EXCLUSIVE" } }).replaceAll(
      /\s+/g,
      " ",
    ),
  ).toContain(
    "lock ACCESS EXCLUSIVE; reads about 5,000,000 rows, 400 MB under SHARE UPDATE EXCLUSIVE",
  );
  expect(text({ lock: "NONE" })).toContain("      no lock on anything in use; catalog only\n");
});

test("of what a person has to write nothing is said that nobody knows", () => {
  const [change] = plan.unsafe;
  if (change === undefined) throw new Error("no unsafe change");
  const unknown = { ...change, lock: null, rewrites: null, work: null };
  const text = renderPlan({ ...plan, safe: [], unsafe: [unknown] }, { colour: false, columns: 80 });
  expect(text).not.toMatch(/lock|catalog only/);
});

test("one row is told in the singular", () => {
  const small = { ...step, work: { rows: 1, bytes: 8_192 }, rewrites: true };
  const text = renderPlan({ ...plan, safe: [small] }, { colour: false, columns: 80 });
  expect(text).toContain("rewrites about 1 row, 8.2 kB");
});
