/** The development page: header, tabs, keys. */
import { actionButton, reload, scale, toastArea } from "./actions.js";
import { useToken } from "./api.js";
import { createConfiguration } from "./configuration.js";
import { fill, h, setText } from "./dom.js";
import { duration } from "./format.js";
import { createLog } from "./log.js";
import { createMigrations } from "./migrations.js";
import { createOverview } from "./overview.js";
import { createProblem } from "./problem.js";
import { connect, on, store } from "./store.js";

const overview = createOverview();
const migrations = createMigrations();
const configuration = createConfiguration();
const log = createLog();

interface Tab {
  readonly name: string;
  readonly title: string;
  readonly element: HTMLElement;
  readonly shown: () => void;
  readonly search: HTMLElement | null;
}

const TABS: readonly Tab[] = [
  {
    name: "overview",
    title: "Overview",
    element: overview.element,
    shown: () => overview.recolour(),
    search: null,
  },
  {
    name: "migrations",
    title: "Migrations",
    element: migrations.element,
    shown: migrations.shown,
    search: null,
  },
  {
    name: "configuration",
    title: "Configuration",
    element: configuration.element,
    shown: configuration.shown,
    search: configuration.search,
  },
  { name: "log", title: "Log", element: log.element, shown: log.shown, search: log.search },
];

const buttons = TABS.map(({ name, title }, at) =>
  h(
    "button",
    {
      type: "button",
      role: "tab",
      id: `tab-${name}`,
      "aria-controls": `panel-${name}`,
      onclick: () => open(at, true),
    },
    title,
  ),
);
let current = 0;

function open(at: number, byHand: boolean): void {
  current = (at + TABS.length) % TABS.length;
  TABS.forEach((tab, index) => {
    const active = index === current;
    buttons[index]?.setAttribute("aria-selected", String(active));
    buttons[index]?.setAttribute("tabindex", active ? "0" : "-1");
    tab.element.hidden = !active;
    tab.shown();
  });
  if (byHand) history.replaceState(null, "", `#${TABS[current]?.name ?? ""}`);
}

const workersNow = (): number => new Set(store.status?.workers.map(({ id }) => id)).size;

const fewer = async (): Promise<void> => {
  const now = workersNow();
  if (now > 1) await scale(now - 1);
};
const more = (): Promise<void> => scale(workersNow() + 1);

const help = h(
  "dialog",
  { class: "ask keys" },
  h("h2", {}, "Keys"),
  h(
    "dl",
    {},
    ...(
      [
        ["1 to 4", "overview, migrations, configuration, log"],
        ["r", "reload"],
        ["+ and -", "one worker more, one fewer"],
        ["/", "filter"],
        ["t", "light or dark"],
        ["?", "this"],
      ] as const
    ).flatMap(([key, meaning]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning)]),
  ),
  h("div", { class: "row" }, h("button", { type: "button", onclick: () => help.close() }, "Close")),
);

function theme(next: string | null): void {
  if (next === null) document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", next);
  overview.recolour();
}

function switchTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.getAttribute("data-theme") ?? (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  localStorage.setItem("dazzle-theme", next);
  theme(next);
}

const KEYS: Readonly<Record<string, () => void>> = {
  r: () => void reload(),
  "+": () => void more(),
  "-": () => void fewer(),
  t: switchTheme,
  "?": () => help.showModal(),
  "/": () => TABS[current]?.search?.focus(),
};

function pressed(event: KeyboardEvent): void {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]"))
    return;
  // A token that is typed beside its field must not reload anything.
  if (!tokenForm.hidden && target !== tokenField) return;
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) {
    if (key === "Escape") target.blur();
    return;
  }
  if (/^[1-4]$/.test(key)) open(Number(key) - 1, true);
  else KEYS[key]?.();
  if (key === "/") event.preventDefault();
}

function arrows(event: KeyboardEvent): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  open(current + step, true);
  buttons[current]?.focus();
}

const title = h("h1", {}, "supervise");
const workerCount = h("span", { class: "count" }, "–");
const pill = h("span", { class: "pill" }, "connecting");
const facts = h("p", { class: "facts" });
const address = h("a", { target: "_blank", rel: "noopener noreferrer" });
const offline = h("p", { class: "offline", role: "alert", hidden: true });
const tokenAnswer = h("p", { class: "note", role: "status" });
let tried = false;
const tokenField = h("input", {
  type: "password",
  name: "token",
  "aria-label": "Token",
  autocomplete: "current-password",
  required: true,
});
const tokenForm = h(
  "form",
  { class: "card ask token", hidden: true, onsubmit: (event) => enter(event) },
  h("h2", {}, "Token"),
  h(
    "p",
    {},
    "From another machine the page needs the token: set DAZZLE_CONTROL_TOKEN for the supervisor and enter it here.",
  ),
  h("div", { class: "row" }, tokenField, h("button", { class: "primary" }, "Enter")),
  tokenAnswer,
);

function enter(event: Event): void {
  event.preventDefault();
  const given = new FormData(tokenForm).get("token");
  if (typeof given !== "string") return;
  useToken(given);
  // A right one hides the form at the next try.
  tried = true;
  setText(tokenAnswer, "Trying…");
}

const stepper = h(
  "div",
  { class: "stepper", role: "group", "aria-label": "Workers" },
  actionButton("−", fewer, {
    "aria-label": "One worker fewer",
    title: "One worker fewer (-)",
  }),
  workerCount,
  actionButton("+", more, {
    "aria-label": "One worker more",
    title: "One worker more (+)",
  }),
);
const reloadButton = actionButton("Reload", reload, {
  class: "primary",
  title: "Replace the workers one by one (r)",
});
const tabs = h(
  "div",
  {
    class: "tabs",
    role: "tablist",
    onkeydown: (event) => event instanceof KeyboardEvent && arrows(event),
  },
  ...buttons,
);
const main = h("main", {}, ...TABS.map((tab) => tab.element));

function header(): void {
  const { status, connection } = store;
  const live = connection === "live";
  const state = live ? (status?.state ?? "starting") : connection;
  setText(pill, state === "refused" ? "locked" : state);
  pill.className = `pill ${state}`;
  document.body.classList.toggle("stale", !live);
  offline.hidden = connection !== "lost";
  setText(
    offline,
    status === null
      ? "Nobody answers here yet. Trying again each second."
      : "The supervisor does not answer. What you see is from before. Trying again each second.",
  );
  const asks = tokenForm.hidden && connection === "refused";
  tokenForm.hidden = connection !== "refused";
  if (asks) tokenField.focus();
  // Without the token there is nothing to be seen or done yet.
  for (const part of [main, stepper, reloadButton, tabs]) {
    part.hidden = connection === "refused" && status === null;
  }
  if (connection === "live") tried = false;
  if (status === null) return;
  const now = workersNow();
  setText(workerCount, now === 1 ? "1 worker" : `${now} workers`);
  const name = store.project === "" ? "supervise" : store.project;
  setText(title, name);
  document.title = `${state === "running" ? "" : `${state}: `}${name}`;
  setText(
    facts,
    `${status.env} · generation ${status.generation} · up ${duration(status.uptime_s)} · pid ${status.pid} · supervise ${status.version}`,
  );
  const isWeb = status.url !== null && /^https?:\/\//.test(status.url);
  address.hidden = !isWeb;
  if (isWeb && address.textContent !== status.url) {
    address.href = status.url ?? "";
    setText(address, status.url ?? "");
  }
}

function start(): void {
  const saved = localStorage.getItem("dazzle-theme");
  if (saved === "light" || saved === "dark") theme(saved);
  for (const tab of TABS) {
    // Not the name itself: the browser would scroll to it.
    tab.element.id = `panel-${tab.name}`;
    tab.element.setAttribute("role", "tabpanel");
    tab.element.setAttribute("aria-labelledby", `tab-${tab.name}`);
  }
  const page = document.querySelector("#page");
  if (page === null) return;
  fill(
    page,
    h(
      "header",
      {},
      h(
        "div",
        { class: "row wrap" },
        title,
        pill,
        address,
        h("span", { class: "grow" }),
        stepper,
        reloadButton,
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "aria-label": "Light or dark",
            title: "Light or dark (t)",
            onclick: switchTheme,
          },
          "◐",
        ),
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "aria-label": "Keys",
            title: "Keys (?)",
            onclick: () => help.showModal(),
          },
          "?",
        ),
      ),
      facts,
      tabs,
    ),
    offline,
    tokenForm,
    createProblem(),
    main,
    toastArea(),
    help,
  );
  on("connection", header);
  on("status", header);
  on("refused", () => setText(tokenAnswer, tried ? "This token is not the supervisor's." : ""));
  document.addEventListener("keydown", pressed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => overview.recolour());
  open(
    Math.max(
      0,
      TABS.findIndex(({ name }) => `#${name}` === location.hash),
    ),
    false,
  );
  header();
  connect();
}

start();
