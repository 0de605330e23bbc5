/** A table whose cells are folded where the terminal is too narrow for it. */
import { BREAKS, visibleWidth, wrapProse } from "./wrap.js";

const GAP = 2;
/** Narrower than this, a column of words becomes a column of syllables. */
const LEAST = 12;

/** Widths that fit, taken from the widest column first; no column becomes narrower than its least. */
function fit(natural: readonly number[], least: readonly number[], columns: number): number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, width) => sum + width + GAP, 0) - columns;
  while (over > 0) {
    const spare = widths.map((width, at) => (width > (least[at] ?? 0) ? width : 0));
    const widest = Math.max(...spare);
    if (widest === 0) break;
    widths[spare.indexOf(widest)] = widest - 1;
    over -= 1;
  }
  return widths;
}

const longestWord = (cell: string): number => Math.max(...cell.split(BREAKS).map(visibleWidth));

/** The rows as lines, without trailing spaces; a folded row takes several. */
export function renderCells(rows: readonly (readonly string[])[], columns: number): string[] {
  const count = Math.max(...rows.map((row) => row.length));
  const natural = Array.from({ length: count }, (_, at) =>
    Math.max(...rows.map((row) => visibleWidth(row[at] ?? ""))),
  );
  const least = Array.from({ length: count }, (_, at) =>
    Math.max(LEAST, ...rows.map((row) => longestWord(row[at] ?? ""))),
  );
  const widths = fit(natural, least, columns);
  return rows.flatMap((row) => {
    const folded = widths.map((width, at) => wrapProse(row[at] ?? "", width));
    const height = Math.max(...folded.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) =>
      widths
        .map((width, at) => {
          const cell = folded[at]?.[line] ?? "";
          return ` ${cell}${" ".repeat(Math.max(0, width - visibleWidth(cell)))}`;
        })
        .join(" ")
        .trimEnd(),
    );
  });
}
