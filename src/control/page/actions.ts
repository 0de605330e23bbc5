/** The buttons: each says what it is doing, and what came of it. */
import { post } from "./api.js";
import { fill, h } from "./dom.js";
import { on, store } from "./store.js";

const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
const SHOWN_MS = 6_000;

export const toastArea = (): HTMLElement => {
  // A reload that was abandoned is over once the application runs as written.
  on("problem", () => {
    if (store.problem === null)
      for (const old of toasts.querySelectorAll(".abandoned")) old.remove();
  });
  return toasts;
};

function toast(text: string, kind: "good" | "bad" | "bad abandoned"): void {
  const element = h(
    "div",
    { class: `toast ${kind}` },
    h("span", {}, text),
    h("button", { class: "plain", "aria-label": "Dismiss", onclick: () => element.remove() }, "×"),
  );
  toasts.append(element);
  // What went wrong stays until it has been read.
  if (kind === "good") setTimeout(() => element.remove(), SHOWN_MS);
}

const numberIn = (answer: unknown, name: string): number => {
  const value: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, name) : undefined;
  return typeof value === "number" ? value : 0;
};
const textIn = (answer: unknown, name: string): string => {
  const value: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, name) : undefined;
  return typeof value === "string" ? value : "";
};

async function act(path: string, body: object, done: (answer: unknown) => string): Promise<void> {
  try {
    const answer = await post(path, body);
    if (textIn(answer, "outcome") === "abandoned") {
      toast(`Reload abandoned: ${textIn(answer, "reason")}`, "bad abandoned");
    } else toast(done(answer), "good");
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error), "bad");
  }
}

export const reload = (): Promise<void> =>
  act("/reload", {}, (answer) => `Generation ${numberIn(answer, "generation")} serves.`);

export const scale = (workers: number): Promise<void> =>
  act("/scale", { workers }, (answer) => `${numberIn(answer, "to")} workers.`);

export const restart = (worker: number): Promise<void> =>
  act("/restart", { worker }, () => `Worker ${worker} is being replaced.`);

export const migrate = (): Promise<void> =>
  act("/migrate", {}, (answer) => `${numberIn(answer, "applied")} statements applied.`);

/** A button that can't be pressed twice while it works. */
export function actionButton(
  label: string,
  run: () => Promise<void>,
  attributes: Readonly<Record<string, string>> = {},
): HTMLButtonElement {
  const text = h("span", {}, label);
  const press = async () => {
    button.disabled = true;
    button.classList.add("busy");
    try {
      await run();
    } finally {
      button.disabled = false;
      button.classList.remove("busy");
    }
  };
  const button = h("button", { type: "button", ...attributes, onclick: () => void press() }, text);
  return button;
}

/** Asks before what can't be taken back; resolves to the answer. */
export function confirm(question: string, yes: string): Promise<boolean> {
  const dialog = h("dialog", { class: "ask" });
  return new Promise((resolve) => {
    const choose = (value: string) => () => dialog.close(value);
    fill(
      dialog,
      h("p", {}, question),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", onclick: choose("no") }, "Cancel"),
        h(
          "button",
          { type: "button", class: "primary", autofocus: true, onclick: choose("yes") },
          yes,
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
