/** A row of bars in one line of text. */

const BARS = "▁▂▃▄▅▆▇█";

/** One character a value, scaled to `most` (default: the largest value). Zero is a space. */
export function sparkline(values: readonly number[], most = Math.max(0, ...values)): string {
  return values
    .map((value) => {
      if (value <= 0 || most <= 0) return " ";
      const level = Math.ceil((Math.min(value, most) / most) * BARS.length);
      return BARS[Math.max(0, level - 1)] ?? "";
    })
    .join("");
}

/** `████░░░░ 4/8`: how much of a size is in use. */
export function bar(used: number, most: number, width: number): string {
  const filled = most <= 0 ? 0 : Math.round((Math.min(used, most) / most) * width);
  return "█".repeat(filled) + "░".repeat(width - filled);
}
