/** A migration plan for people: what would run, what is left to them, and why. */
import pc from "picocolors";
import type { MigrateOutcome } from "../../migration/migrate.js";
import type { Plan, SafeStep } from "../../migration/plan.js";
import { stepDoes, type Work } from "../../schema/cost.js";
import type { LockLevel } from "../../schema/steps.js";
import { counted } from "../../util/counted.js";
import { formatSize } from "../../util/units.js";
import type { Io } from "../context.js";
import { wrapProse, wrapSql } from "./wrap.js";

type Unsafe = Plan["unsafe"][number];

/** Text stands six columns in. */
const INDENT = 6;

export function renderPlan(plan: Plan, io: Pick<Io, "colour" | "columns">): string {
  const paint = pc.createColors(io.colour);
  const width = io.columns - INDENT;
  const { database, safe, unsafe, revisions } = plan;
  const head = `${database.name} on ${database.host}, PostgreSQL ${database.server_version}`;
  const lines = [paint.dim(head)];
  if (plan.up_to_date) {
    lines.push(`${paint.green("up to date")}: the database is as the schema files state it`);
    return `${lines.join("\n")}\n`;
  }
  if (revisions.pending.length > 0) {
    lines.push("", paint.bold(`Pending revisions (${revisions.pending.length})`));
    lines.push(...revisions.pending.map((version) => `  ${paint.yellow("*")} ${version}`));
    lines.push(paint.dim("  run them: supervise db upgrade"));
  }
  if (safe.length > 0) {
    lines.push("", paint.bold(`Safe, applied by \`supervise migrate\` (${safe.length})`));
    for (const step of safe) lines.push(...renderStep(step, paint, width));
  }
  if (unsafe.length > 0) {
    lines.push("", paint.bold(`Unsafe, left to a person (${unsafe.length})`));
    for (const item of unsafe) lines.push(...renderUnsafe(item, paint, width));
    lines.push(
      "",
      paint.dim("write them as a revision: supervise db revision -m TEXT --autogenerate"),
    );
  }
  return `${lines.join("\n")}\n`;
}

type Paint = ReturnType<typeof pc.createColors>;

const title = (operation: string, table: string | null, object: string): string =>
  `${operation} ${table === null || table === object ? object : `${table}.${object}`}`;

function renderStep(step: SafeStep, paint: Paint, width: number): string[] {
  return [
    `  ${paint.green("+")} ${title(step.operation, step.table, step.object)}`,
    ...indent(wrapSql(step.sql, width), paint.cyan),
    ...indent(wrapProse(costs(step), width), paint.dim),
  ];
}

/** The lock, and how much the statement has to do. */
function costs(step: SafeStep): string {
  const amount = step.work === null ? CATALOG : amountOf({ ...step.work, does: stepDoes(step) });
  const apart = step.transactional ? "" : ", outside a transaction";
  return `${lockOf(step.lock)}; ${amount}${apart}`;
}

const CATALOG = "catalog only";

const lockOf = (lock: LockLevel): string =>
  lock === "NONE" ? "no lock on anything in use" : `lock ${lock}`;

const amountOf = ({ does, rows, bytes }: Pick<Work, "does" | "rows" | "bytes">): string =>
  `${does} about ${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"}, ${formatSize(bytes)}`;

/** The lock of the rows' part is named where it is not the one that the change takes at its strongest. */
function costsOfUnsafe({ lock, work }: Unsafe): string[] {
  if (lock === null) return [];
  const apart =
    work === null || work.lock === lock
      ? ""
      : work.lock === "NONE"
        ? " under no lock"
        : ` under ${work.lock}`;
  const amount = work === null ? CATALOG : `${amountOf(work)}${apart}`;
  return [`${lockOf(lock)}; ${amount}`];
}

function renderUnsafe(item: Unsafe, paint: Paint, width: number): string[] {
  return [
    `  ${paint.red("!")} ${title(item.operation, item.table, item.object)}`,
    ...indent(wrapProse(item.reason, width), (line) => line),
    ...(item.suggestion === "" ? [] : indent(wrapSql(item.suggestion, width), paint.cyan)),
    ...indent(
      costsOfUnsafe(item).flatMap((line) => wrapProse(line, width)),
      paint.dim,
    ),
  ];
}

const indent = (lines: readonly string[], colour: (line: string) => string): string[] =>
  lines.map((line) => `${" ".repeat(INDENT)}${colour(line)}`);

/** What an apply did. */
export function renderOutcome(outcome: MigrateOutcome, io: Pick<Io, "colour" | "columns">): string {
  const paint = pc.createColors(io.colour);
  const width = io.columns - INDENT;
  const { applied, unsafe, revisions } = outcome;
  const lines = [
    ...revisions.map((version) => `${paint.green("+")} revision ${version}`),
    ...applied.map(
      (step) => `${paint.green("+")} ${title(step.operation, step.table, step.object)}`,
    ),
    applied.length + revisions.length === 0
      ? "nothing to apply"
      : `applied ${counted(applied.length, "statement")}${revisions.length === 0 ? "" : ` and ${counted(revisions.length, "revision")}`}`,
  ];
  if (unsafe.length > 0) {
    lines.push("", paint.bold(`Unsafe, left to a person (${unsafe.length})`));
    for (const item of unsafe) lines.push(...renderUnsafe(item, paint, width));
    lines.push(
      "",
      paint.dim("write them as a revision: supervise db revision -m TEXT --autogenerate"),
    );
  }
  return `${lines.join("\n")}\n`;
}
