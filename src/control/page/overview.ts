/** Workers, pool and charts. */
import type { Status, WorkerStatus } from "../protocol.js";
import { actionButton, confirm, restart } from "./actions.js";
import { createCharts } from "./charts.js";
import { fill, h, setText } from "./dom.js";
import { clock, count, duration, megabytes, milliseconds } from "./format.js";
import { on, store } from "./store.js";

const COLUMNS = [
  "Worker",
  "State",
  "Up",
  "CPU",
  "Memory",
  "Loop p99",
  "Requests/s",
  "In flight",
  "Pool",
  "Restarts",
  "",
];

interface Row {
  readonly element: HTMLTableRowElement;
  update(worker: WorkerStatus): void;
}

/** Rows are kept and changed in place, so that a button under the pointer stays that button. */
function createRow(id: number): Row {
  const cells = COLUMNS.slice(0, -1).map((title, at) =>
    h(at === 0 ? "th" : "td", { "data-title": title, ...(at === 0 ? { scope: "row" } : {}) }),
  );
  const bar = h("span", { class: "bar" }, h("i"));
  const used = h("span");
  const state = h("span", { class: "state" });
  const button = actionButton(
    "Restart",
    async () => {
      if (await confirm(`Replace worker ${id}? Its requests are finished first.`, "Restart")) {
        await restart(id);
      }
    },
    { class: "small", "aria-label": `Restart worker ${id}` },
  );
  const [name, stateCell, up, cpu, memory, loop, requests, inFlight, pool, restarts] = cells;
  const number = h("span", {}, String(id));
  const pid = h("span", { class: "note" });
  if (name !== undefined) fill(name, number, " ", pid);
  if (stateCell !== undefined) fill(stateCell, state);
  if (pool !== undefined) fill(pool, bar, used);
  const element = h("tr", {}, ...cells, h("td", { class: "act" }, button));
  const set = (cell: HTMLElement | undefined, text: string) => {
    if (cell !== undefined) setText(cell, text);
  };
  return {
    element,
    update: (worker) => {
      const open = worker.pools.reduce((sum, one) => sum + one.total - one.idle, 0);
      const most = worker.pools.reduce((sum, one) => sum + one.max, 0);
      const waiting = worker.pools.reduce((sum, one) => sum + one.waiting, 0);
      setText(number, String(worker.id));
      setText(pid, worker.pid === null ? "" : `pid ${worker.pid}`);
      setText(state, worker.state);
      state.className = `state ${worker.state}`;
      set(up, worker.pid === null ? "–" : duration(worker.uptime_s));
      set(cpu, `${Math.round(worker.cpu_percent)} %`);
      set(memory, megabytes(worker.rss_bytes));
      set(loop, milliseconds(worker.event_loop_delay_ms.p99));
      set(requests, count(worker.requests.per_s));
      set(inFlight, count(worker.requests.in_flight));
      set(restarts, count(worker.restarts));
      setText(used, most === 0 ? "–" : `${open}/${most}${waiting > 0 ? ` +${waiting}` : ""}`);
      bar.hidden = most === 0;
      bar.classList.toggle("full", waiting > 0 || (most > 0 && open >= most));
      bar.style.setProperty("--share", `${most === 0 ? 0 : (100 * open) / most}%`);
      button.disabled = worker.state !== "ready";
    },
  };
}

/** Columns of a sample. */
const WAIT = { p99: 3, max: 4 };
const latest = (column: number): number => store.columns[column]?.at(-1) ?? 0;
const NO_POOL = "no pool has been used yet";

function figures({ pool, budget, workers, migrations }: Status): HTMLElement[] {
  const ready = workers.filter((worker) => worker.state === "ready").length;
  const figure = (title: string, value: string, note: string, bad = false) =>
    h(
      "div",
      { class: `card figure${bad ? " bad" : ""}` },
      h("h2", { class: "title" }, title),
      h("p", { class: "value" }, value),
      h("p", { class: "note" }, note),
    );
  return [
    figure(
      "Workers ready",
      `${ready} of ${workers.length}`,
      `generation ${store.status?.generation ?? 0}`,
      ready < workers.length,
    ),
    figure(
      "Wait p99",
      pool.max === 0 ? "–" : milliseconds(latest(WAIT.p99)),
      pool.max === 0 ? NO_POOL : `longest ${milliseconds(latest(WAIT.max))}, last 10 s`,
      store.columns[11]?.at(-1) === 1,
    ),
    figure(
      "Connections in use",
      pool.max === 0 ? "–" : `${pool.total - pool.idle} of ${pool.max}`,
      pool.max === 0 ? NO_POOL : `${pool.total} open, ${pool.waiting} waiting`,
      pool.waiting > 0,
    ),
    figure(
      "Checkouts",
      count(pool.checkouts),
      pool.timeouts === 0 ? "none timed out" : `${count(pool.timeouts)} timed out`,
      pool.timeouts > 0,
    ),
    ...(budget === null
      ? []
      : [
          figure(
            "Server connections",
            // The budget is read now and then; the workers' own part is known each second.
            `${Math.max(budget.ours, pool.total + 1)} of ${budget.max_connections - budget.reserved}`,
            `${budget.others} used by others`,
          ),
        ]),
    ...(migrations === null
      ? []
      : [
          figure(
            "Revisions pending",
            count(migrations.pending.length),
            migrations.current === null ? "none applied" : `at ${migrations.current}`,
            migrations.pending.length > 0,
          ),
        ]),
  ];
}

export function createOverview(): { element: HTMLElement; recolour: () => void } {
  const rows = new Map<number, Row>();
  const body = h("tbody");
  const numbers = h("div", { class: "figures" });
  const warnings = h("ul", { class: "warnings" });
  const warningCard = h(
    "section",
    { class: "card" },
    h("h2", { class: "title" }, "Recent warnings"),
    warnings,
  );
  const charts = createCharts();
  const empty = h("p", { class: "empty" }, "Waiting for the first workers…");
  const table = h(
    "table",
    { class: "workers" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...COLUMNS.map((title) =>
          h(
            "th",
            { scope: "col" },
            title === "" ? h("span", { class: "unseen" }, "Action") : title,
          ),
        ),
      ),
    ),
    body,
  );

  const showWorkers = (workers: readonly WorkerStatus[]): void => {
    const ids = new Set(workers.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    // During a replacement a slot has two workers: the one that serves is shown.
    for (const worker of [...workers].sort((a, b) => a.generation - b.generation)) {
      const row = rows.get(worker.id) ?? createRow(worker.id);
      if (!rows.has(worker.id)) {
        rows.set(worker.id, row);
        body.append(row.element);
      }
      row.update(worker);
    }
    empty.hidden = workers.length > 0;
    table.hidden = workers.length === 0;
  };

  on("status", () => {
    const { status } = store;
    if (status === null) return;
    showWorkers(status.workers);
    fill(numbers, ...figures(status));
    warningCard.hidden = status.warnings.length === 0;
    const recent = status.warnings.slice(-6).reverse();
    fill(warnings, ...recent.map((one) => h("li", {}, h("time", {}, clock(one.time)), one.msg)));
  });
  on("samples", () => charts.draw());

  const element = h(
    "div",
    { class: "view" },
    numbers,
    h("section", { class: "card" }, h("h2", { class: "title" }, "Workers"), empty, table),
    charts.element,
    warningCard,
  );
  return { element, recolour: () => charts.rebuild() };
}
