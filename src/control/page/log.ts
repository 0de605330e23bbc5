/** The recent log with filters. */
import type { FeedLine } from "../dev/wire.js";
import { fill, h } from "./dom.js";
import { clock } from "./format.js";
import { on, store } from "./store.js";

const LEVELS = ["debug", "info", "warn", "error"] as const;
const RANK: Readonly<Record<string, number>> = {
  trace: 0,
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  fatal: 3,
};
/** More rows than this make scrolling slow and nobody reads them. */
const SHOWN = 500;

interface Filter {
  level: number;
  /** `""` all, `"supervisor"`, or a worker's number. */
  source: string;
  words: string;
}

const fieldsOf = ({ fields }: FeedLine): string =>
  Object.entries(fields)
    .filter(([key]) => key !== "worker" && key !== "details" && !key.endsWith("stack"))
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");

function blockOf({ fields }: FeedLine): string | null {
  const block = fields["details"] ?? fields["stack"];
  return typeof block === "string" && block !== "" ? block : null;
}

function passes(line: FeedLine, { level, source, words }: Filter): boolean {
  if ((RANK[line.level] ?? 1) < level) return false;
  if (source === "supervisor" && line.stream !== null) return false;
  if (source !== "" && source !== "supervisor" && String(line.worker) !== source) return false;
  if (words === "") return true;
  return `${line.event ?? ""} ${line.msg} ${fieldsOf(line)}`.toLowerCase().includes(words);
}

function row(line: FeedLine): HTMLElement {
  const source = line.worker === null ? "supervisor" : `worker ${line.worker}`;
  const block = blockOf(line);
  const fields = line.stream === null || Object.keys(line.fields).length > 0 ? fieldsOf(line) : "";
  return h(
    "li",
    { class: line.level },
    h("time", { datetime: line.time }, clock(line.time)),
    h("span", { class: "level" }, line.level),
    h("span", { class: "source" }, source),
    h(
      "div",
      { class: "said" },
      line.event !== null && h("span", { class: "event" }, line.event),
      h("span", { class: "msg" }, line.msg),
      fields !== "" && h("span", { class: "fields" }, fields),
      block !== null && h("pre", {}, block),
    ),
  );
}

export function createLog(): { element: HTMLElement; search: HTMLElement; shown: () => void } {
  const filter: Filter = { level: 1, source: "", words: "" };
  const list = h("ol", { class: "log", tabindex: "0", "aria-label": "Log lines" });
  const message = h("p", { class: "empty" });
  const sources = h("select", { "aria-label": "Source", onchange: () => changed() });
  const levels = h(
    "select",
    { "aria-label": "Least level", onchange: () => changed() },
    ...LEVELS.map((level, at) =>
      h("option", { value: at, selected: at === 1 }, `${level} and above`),
    ),
  );
  const search = h("input", {
    type: "search",
    placeholder: "Filter the log",
    "aria-label": "Filter the log",
    oninput: () => changed(),
  });
  const pause = h(
    "button",
    { type: "button", "aria-pressed": "false", onclick: () => toggle() },
    "Pause",
  );
  const element = h(
    "div",
    { class: "view" },
    h(
      "section",
      { class: "card" },
      h(
        "div",
        { class: "row wrap filters" },
        h("h2", { class: "title" }, "Log"),
        h("span", { class: "grow" }),
        levels,
        sources,
        search,
        pause,
      ),
      list,
      message,
    ),
  );
  let paused = false;
  let drawn = 0;

  const options = (): void => {
    const workers = [...new Set(store.lines.map(({ worker }) => worker))]
      .filter((worker) => worker !== null)
      .sort((a, b) => a - b);
    const values = ["", "supervisor", ...workers.map(String)];
    if (sources.childElementCount === values.length) return;
    const label = (value: string) =>
      value === "" ? "all sources" : value === "supervisor" ? "supervisor" : `worker ${value}`;
    fill(
      sources,
      ...values.map((value) =>
        h("option", { value, selected: value === filter.source }, label(value)),
      ),
    );
  };
  const isAtEnd = () => list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const draw = (afresh: boolean): void => {
    if (element.hidden || (paused && !afresh)) return;
    options();
    const end = isAtEnd();
    const fresh = store.lines.filter((line) => (afresh || line.id > drawn) && passes(line, filter));
    if (afresh) fill(list);
    list.append(...fresh.slice(-SHOWN).map(row));
    while (list.childElementCount > SHOWN) list.firstElementChild?.remove();
    drawn = store.lines.at(-1)?.id ?? 0;
    if (end || afresh) list.scrollTop = list.scrollHeight;
    message.hidden = list.childElementCount > 0;
    list.hidden = !message.hidden;
    fill(message, store.lines.length === 0 ? "Nothing has been logged yet." : "No line matches.");
  };
  const changed = (): void => {
    filter.level = Number(levels.value);
    filter.source = sources.value;
    filter.words = search.value.toLowerCase();
    draw(true);
  };
  const toggle = (): void => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    fill(pause, paused ? "Continue" : "Pause");
    if (!paused) draw(true);
  };
  on("hello", () => draw(true));
  on("log", () => draw(false));
  return { element, search, shown: () => draw(true) };
}
