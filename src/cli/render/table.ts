/** Aligned columns for terminals. */
import { visibleWidth as width } from "./wrap.js";

export interface Column {
  title: string;
  /** Numbers read best at the right. Default: left. */
  align?: "left" | "right";
}

/** Rows under their titles, two spaces apart, without trailing spaces. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, at) =>
    Math.max(width(column.title), ...rows.map((row) => width(row[at] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map((column, at) => {
        const cell = cells[at] ?? "";
        const space = " ".repeat((widths[at] ?? 0) - width(cell));
        return column.align === "right" ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  return [columns.map((column) => column.title), ...rows].map(line).join("\n");
}
