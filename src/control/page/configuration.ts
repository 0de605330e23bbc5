/** Every setting that is in force, and where its value came from. */
import type { SettingView } from "../dev/wire.js";
import { get } from "./api.js";
import { fill, h } from "./dom.js";
import { on } from "./store.js";

const isSettings = (value: unknown): value is SettingView[] => Array.isArray(value);

function written(value: unknown): string {
  if (value === null || value === undefined) return "not set";
  return typeof value === "string" ? value : JSON.stringify(value);
}

const matches = (setting: SettingView, words: string): boolean =>
  `${setting.key} ${written(setting.value)} ${setting.from}`.toLowerCase().includes(words);

function row(setting: SettingView): HTMLElement {
  return h(
    "tr",
    setting.own ? { class: "own" } : {},
    h("th", { scope: "row" }, h("code", {}, setting.key)),
    h("td", { "data-title": "Value" }, h("code", {}, written(setting.value))),
    h("td", { "data-title": "From" }, setting.from),
  );
}

export function createConfiguration(): {
  element: HTMLElement;
  shown: () => void;
  search: HTMLElement;
} {
  const body = h("tbody");
  const message = h("p", { class: "empty" }, "Reading…");
  const search = h("input", {
    type: "search",
    placeholder: "Filter settings",
    "aria-label": "Filter settings",
    oninput: () => draw(),
  });
  const element = h(
    "div",
    { class: "view" },
    h(
      "section",
      { class: "card" },
      h(
        "div",
        { class: "row" },
        h("h2", { class: "title" }, "Configuration in force"),
        h("span", { class: "grow" }),
        search,
      ),
      h(
        "table",
        { class: "settings" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["Setting", "Value", "From"].map((title) => h("th", { scope: "col" }, title)),
          ),
        ),
        body,
      ),
      message,
    ),
  );
  let settings: SettingView[] = [];
  let visible = false;
  let stale = true;
  const draw = (): void => {
    const found = settings.filter((setting) => matches(setting, search.value.toLowerCase()));
    fill(body, ...found.map(row));
    message.hidden = found.length > 0;
    if (found.length === 0 && settings.length > 0) fill(message, "No setting matches.");
  };
  const refresh = async (): Promise<void> => {
    stale = false;
    try {
      const answer = await get("/config");
      if (isSettings(answer)) settings = answer;
      draw();
    } catch (error) {
      stale = true;
      message.hidden = false;
      fill(message, error instanceof Error ? error.message : String(error));
    }
  };
  on("plan", () => {
    stale = true;
    if (visible) void refresh();
  });
  return {
    element,
    search,
    shown: () => {
      visible = !element.hidden;
      if (visible && stale) void refresh();
    },
  };
}
