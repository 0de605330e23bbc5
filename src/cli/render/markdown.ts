/** The project's own Markdown for terminals: what is in docs/, read with `supervise help TOPIC`. */
import pc from "picocolors";
import { renderCells } from "./cells.js";
import { BREAKS, SOFT_BREAK, visibleWidth, wrapProse } from "./wrap.js";

export interface Look {
  readonly colour: boolean;
  /** Of the terminal; infinite where there is none. */
  readonly columns: number;
}

/** Longer lines of prose are hard to read, however wide the terminal is. */
const WIDEST = 100;

const LIST = /^( *)([-*]|\d+\.) +/;
const RULE = /^\|[\s|:-]+\|$/;

type Block =
  | { readonly kind: "heading" | "code"; readonly text: string }
  | { readonly kind: "prose"; readonly text: string; readonly mark: string }
  | { readonly kind: "table"; readonly rows: readonly (readonly string[])[] }
  | { readonly kind: "space" };

const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());

/** Lines that belong together are one block. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let fenced = false;
  for (const line of text.trimEnd().split("\n")) {
    const last = blocks.at(-1);
    const heading = /^(#{1,6}) +(.*)$/.exec(line)?.[2];
    const mark = LIST.exec(line)?.[0];
    if (/^(```|~~~)/.test(line)) fenced = !fenced;
    else if (fenced) blocks.push({ kind: "code", text: line });
    else if (line.startsWith("    ") && last?.kind !== "prose") {
      blocks.push({ kind: "code", text: line.slice(4) });
    } else if (line.trim() === "") blocks.push({ kind: "space" });
    else if (heading !== undefined) blocks.push({ kind: "heading", text: heading });
    else if (RULE.test(line)) continue;
    else if (line.startsWith("|")) {
      if (last?.kind === "table") blocks.pop();
      const rows = last?.kind === "table" ? last.rows : [];
      blocks.push({ kind: "table", rows: [...rows, cellsOf(line)] });
    } else if (mark !== undefined) {
      blocks.push({ kind: "prose", text: line.slice(mark.length), mark });
    } else if (last?.kind === "prose") {
      blocks.pop();
      blocks.push({ ...last, text: `${last.text} ${line.trim()}` });
    } else blocks.push({ kind: "prose", text: line.trim(), mark: "" });
  }
  return blocks;
}

/** Ends in a newline. */
/** A column is as wide as its longest word, unless that may be cut: a path behind its slashes. */
const foldable = (cell: string): string =>
  cell
    .replaceAll("<br>", " ")
    .replaceAll(/[\w/.-]{25,}/g, (word) => word.replaceAll(/[/-](?=\w)/g, `$&${SOFT_BREAK}`));

export function renderMarkdown(text: string, look: Look): string {
  const paint = pc.createColors(look.colour);
  // Word by word, so that a line can be cut at every space.
  const each = (words: string, style: (word: string) => string): string =>
    words
      .split(BREAKS)
      .map((part) => (BREAKS.test(part) ? part : style(part)))
      .join("");
  const inline = (line: string): string =>
    line
      .replaceAll(/\[([^\]]+)\]\(([^)]+)\)/g, (_, label: string, target: string) =>
        /^https?:/.test(target) ? `${label} (${target})` : label,
      )
      .replaceAll(/\*\*([^*]+)\*\*/g, (_, bold: string) => each(bold, paint.bold))
      .replaceAll(/`([^`]+)`/g, (_, code: string) => each(code, paint.cyan));
  const lines = blocksOf(text).flatMap((block): string[] => {
    switch (block.kind) {
      case "space":
        return [""];
      case "heading":
        return [paint.bold(inline(block.text))];
      case "code":
        return [block.text === "" ? "" : `    ${paint.dim(block.text)}`];
      case "table":
        return renderCells(
          block.rows.map((row, at) =>
            row
              .map(foldable)
              .map((cell) => (at === 0 ? each(inline(cell), paint.bold) : inline(cell))),
          ),
          look.columns,
        );
      case "prose": {
        const indent = " ".repeat(visibleWidth(block.mark));
        const width = Math.min(look.columns, WIDEST) - indent.length;
        return wrapProse(inline(block.text), width).map(
          (line, at) => (at === 0 ? block.mark : indent) + line,
        );
      }
    }
  });
  return `${lines.join("\n")}\n`;
}
