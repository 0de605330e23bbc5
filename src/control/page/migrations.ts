/** The migration plan with its SQL; the revisions stand below it. */
import type { PlanView, RevisionView, SafeChange, UnsafeChange } from "../dev/wire.js";
import { actionButton, confirm, migrate } from "./actions.js";
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { revisionsCard, revisionsFailed } from "./revisions.js";
import { on, store } from "./store.js";

const isPlan = (value: unknown): value is PlanView =>
  typeof value === "object" && value !== null && "safe" in value && "unsafe" in value;

const isRevisions = (value: unknown): value is RevisionView[] => Array.isArray(value);

const nameOf = ({ operation, table, object }: SafeChange | UnsafeChange): string =>
  `${operation.replaceAll("_", " ")} ${table === null || table === object ? object : `${table}.${object}`}`;

function notes({ lock, rewrites }: SafeChange | UnsafeChange): HTMLElement | false {
  const found = [
    lock === "" || lock === null ? null : `lock: ${lock}`,
    rewrites === true ? "rewrites the table" : null,
  ].filter((note) => note !== null);
  return found.length > 0 && h("p", { class: "note" }, found.join(" · "));
}

function safeItem(change: SafeChange): HTMLElement {
  return h(
    "li",
    { class: "change" },
    h("h3", {}, h("span", { class: "tag good" }, "safe"), nameOf(change)),
    h("pre", {}, h("code", {}, change.sql)),
    notes(change),
  );
}

function unsafeItem(change: UnsafeChange): HTMLElement {
  return h(
    "li",
    { class: "change" },
    h("h3", {}, h("span", { class: "tag bad" }, "unsafe"), nameOf(change)),
    h("p", {}, change.reason),
    change.suggestion !== "" && h("pre", {}, h("code", {}, change.suggestion)),
    notes(change),
  );
}

const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

function planCard(plan: PlanView, toRun: number, refresh: () => Promise<void>): HTMLElement {
  const { safe, unsafe, database } = plan;
  const parts = [
    ...(toRun > 0 ? [many(toRun, "revision")] : []),
    ...(safe.length > 0 ? [many(safe.length, "safe change")] : []),
  ];
  const run = actionButton(
    `${toRun > 0 ? "Run" : "Apply"} ${parts.join(", ")}`,
    async () => {
      const question = `Run ${parts.join(" and ")} on ${database.name} at ${database.host}?`;
      if (!(await confirm(question, "Run"))) return;
      await migrate();
      await refresh();
    },
    { class: "primary" },
  );
  return h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "row wrap" },
      h("h2", { class: "title" }, "Plan"),
      h("span", { class: "grow" }),
      actionButton("Check again", refresh),
      parts.length > 0 && run,
    ),
    h(
      "p",
      { class: "note" },
      `Database ${database.name} at ${database.host}, PostgreSQL ${database.server_version}. `,
      `${safe.length} safe, ${unsafe.length} unsafe.`,
    ),
    safe.length + unsafe.length === 0
      ? h("p", { class: "empty" }, "The database is as the schema files want it.")
      : h("ul", { class: "changes" }, ...safe.map(safeItem), ...unsafe.map(unsafeItem)),
    unsafe.length > 0 &&
      h(
        "p",
        { class: "note" },
        "Unsafe changes are never applied by themselves: ",
        h("code", {}, "supervise db revision --autogenerate -m …"),
        " writes a revision to look through.",
      ),
  );
}

function failedCard(reason: string, refresh: () => Promise<void>): HTMLElement {
  return h(
    "section",
    { class: "card" },
    h("h2", { class: "title" }, "The plan can't be worked out"),
    h("pre", { class: "error" }, reason),
    actionButton("Try again", refresh),
  );
}

const isRunnable = ({ state, empty }: RevisionView): boolean => state === "pending" && !empty;

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export function createMigrations(): { element: HTMLElement; shown: () => void } {
  const element = h("div", { class: "view" });
  let visible = false;
  let stale = true;
  let drawn = "";
  const refresh = async (): Promise<void> => {
    stale = false;
    if (element.childElementCount === 0)
      fill(element, h("p", { class: "empty" }, "Working out the plan…"));
    // What was read before stays in sight; the next supervisor is asked again.
    if (store.connection === "lost" && drawn !== "") {
      stale = true;
      return;
    }
    const [plan, revisions] = await Promise.allSettled([get("/plan"), get("/revisions")]);
    // What has not changed is left in peace: the selection, the focus, how far it is scrolled.
    const found = JSON.stringify([plan, revisions, String(Reflect.get(plan, "reason"))]);
    if (found === drawn) return;
    drawn = found;
    const known =
      revisions.status === "fulfilled" && isRevisions(revisions.value) ? revisions.value : null;
    const toRun = known === null ? 0 : known.filter(isRunnable).length;
    fill(
      element,
      plan.status === "fulfilled" && isPlan(plan.value)
        ? planCard(plan.value, toRun, refresh)
        : failedCard(plan.status === "rejected" ? reasonOf(plan.reason) : "", refresh),
      known !== null && revisionsCard(known),
      // What is wrong with both is told once.
      plan.status === "fulfilled" &&
        revisions.status === "rejected" &&
        revisionsFailed(reasonOf(revisions.reason)),
    );
  };
  on("plan", () => {
    stale = true;
    if (visible) void refresh();
  });
  return {
    element,
    shown: () => {
      visible = !element.hidden;
      if (visible && stale) void refresh();
    },
  };
}
