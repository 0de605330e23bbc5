/** The migration plan with its SQL, and the revisions. */
import type { PlanView, SafeChange, UnsafeChange } from "../dev/wire.js";
import { actionButton, confirm, migrate } from "./actions.js";
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { on, store } from "./store.js";

const isPlan = (value: unknown): value is PlanView =>
  typeof value === "object" && value !== null && "safe" in value && "unsafe" in value;

const nameOf = ({ operation, table, object }: SafeChange | UnsafeChange): string =>
  `${operation.replaceAll("_", " ")} ${table === null || table === object ? object : `${table}.${object}`}`;

function safeItem(change: SafeChange): HTMLElement {
  const notes = [
    change.lock === "" ? null : `lock: ${change.lock}`,
    change.rewrites ? "rewrites the table" : null,
  ].filter((note) => note !== null);
  return h(
    "li",
    { class: "change" },
    h("h4", {}, h("span", { class: "tag good" }, "safe"), nameOf(change)),
    h("pre", {}, h("code", {}, change.sql)),
    notes.length > 0 && h("p", { class: "note" }, notes.join(" · ")),
  );
}

function unsafeItem(change: UnsafeChange): HTMLElement {
  return h(
    "li",
    { class: "change" },
    h("h4", {}, h("span", { class: "tag bad" }, "yours"), nameOf(change)),
    h("p", {}, change.reason),
    change.suggestion !== "" && h("pre", {}, h("code", {}, change.suggestion)),
  );
}

function revisions({ revisions: { current, pending } }: PlanView): HTMLElement {
  return h(
    "section",
    { class: "card" },
    h("h3", {}, "Revisions"),
    h("p", {}, "Current: ", h("code", {}, current ?? "none")),
    pending.length === 0
      ? h("p", { class: "note" }, "None pending.")
      : h("ul", {}, ...pending.map((name) => h("li", {}, h("code", {}, name), " pending"))),
  );
}

function show(plan: PlanView, refresh: () => Promise<void>): HTMLElement[] {
  const { safe, unsafe, database } = plan;
  const run = actionButton(
    `Apply ${safe.length} safe ${safe.length === 1 ? "change" : "changes"}`,
    async () => {
      const question = `Run ${safe.length} statements on ${database.name} at ${database.host}?`;
      if (!(await confirm(question, "Run"))) return;
      await migrate();
      await refresh();
    },
    { class: "primary" },
  );
  return [
    h(
      "section",
      { class: "card" },
      h(
        "div",
        { class: "row" },
        h("h3", {}, "Plan"),
        h("span", { class: "grow" }),
        actionButton("Check again", refresh),
        safe.length > 0 && run,
      ),
      h(
        "p",
        { class: "note" },
        `Database ${database.name} at ${database.host}, PostgreSQL ${database.server_version}.`,
      ),
      safe.length + unsafe.length === 0
        ? h("p", { class: "empty" }, "The database is as the schema files want it.")
        : h("ul", { class: "changes" }, ...safe.map(safeItem), ...unsafe.map(unsafeItem)),
      unsafe.length > 0 &&
        h(
          "p",
          { class: "note" },
          "Changes that are yours are never applied by themselves: ",
          h("code", {}, "supervise db revision --autogenerate -m …"),
          " writes a revision to look through.",
        ),
    ),
    revisions(plan),
  ];
}

export function createMigrations(): { element: HTMLElement; shown: () => void } {
  const element = h("div", { class: "view" });
  let visible = false;
  let stale = true;
  const refresh = async (): Promise<void> => {
    stale = false;
    if (element.childElementCount === 0)
      fill(element, h("p", { class: "empty" }, "Working out the plan…"));
    try {
      const plan = await get("/plan");
      if (isPlan(plan)) fill(element, ...show(plan, refresh));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      fill(
        element,
        h(
          "section",
          { class: "card" },
          h("h3", {}, "The plan can't be worked out"),
          h(
            "pre",
            { class: "error" },
            store.connection === "live" ? reason : "The supervisor does not answer.",
          ),
          actionButton("Try again", refresh),
        ),
      );
    }
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
