/** What keeps the application from running as written, over everything else until it is put right. */
import { fill, h } from "./dom.js";
import { clock } from "./format.js";
import { on, store } from "./store.js";

export function createProblem(): HTMLElement {
  const element = h("section", { class: "problem", role: "alert", hidden: true });
  let shown = "";
  on("problem", () => {
    const { problem } = store;
    const key = problem === null ? "" : problem.time + problem.msg;
    if (key === shown) return;
    shown = key;
    element.hidden = problem === null;
    if (problem === null) {
      fill(element);
      return;
    }
    fill(
      element,
      h(
        "h2",
        {},
        problem.kind === "reload" ? "Your change does not run yet" : "The application crashed",
      ),
      h("p", {}, problem.msg),
      problem.details !== "" && h("pre", {}, problem.details),
      h(
        "p",
        { class: "note" },
        problem.kind === "reload"
          ? `Since ${clock(problem.time)}. The workers from before it go on serving; saving a repaired file reloads.`
          : `At ${clock(problem.time)}. Saving a repaired file reloads.`,
      ),
    );
  });
  return element;
}
