/** What runs in the browser: listens, and shows the problem in a shadow tree, as text only. */
export const OVERLAY_SCRIPT = `(() => {
  const host = document.createElement("dazzle-overlay");
  const root = host.attachShadow({ mode: "open" });
  const style = (element, text) => { element.style.cssText = text; return element; };
  const show = (problem) => {
    root.replaceChildren();
    if (problem === null) { host.remove(); return; }
    const box = style(document.createElement("div"),
      "position:fixed;inset:0;z-index:2147483647;overflow:auto;padding:32px;background:#111614;" +
      "color:#e6ebe8;font:15px/1.5 system-ui,sans-serif");
    box.setAttribute("role", "alert");
    const line = (tag, text, css) => {
      const element = style(document.createElement(tag), css);
      element.textContent = text;
      box.append(element);
    };
    line("h2", problem.kind === "reload" ? "Your change does not run yet" : "The application crashed",
      "margin:0 0 8px;font-size:20px;color:#ff8f85");
    line("p", problem.msg, "margin:0 0 16px");
    if (problem.details !== "") {
      line("pre", problem.details, "margin:0 0 16px;padding:14px;border-radius:8px;background:#000;overflow:auto;font-size:13px");
    }
    line("p", "This goes away when a repaired file is saved. Escape hides it.", "margin:0;color:#97a49d");
    root.append(box);
    document.documentElement.append(host);
  };
  addEventListener("keydown", (event) => { if (event.key === "Escape") host.remove(); });
  new EventSource("/__dazzle__/overlay").onmessage = (event) => show(JSON.parse(event.data));
})();
`;
