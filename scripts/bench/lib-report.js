// Figures as the house reports them: medians with their spread, ratios pair by pair.

const sorted = (/** @type {number[]} */ values) => [...values].sort((a, b) => a - b);

/** @param {number[]} values */
export function medianOf(values) {
  const order = sorted(values);
  const middle = Math.floor(order.length / 2);
  const upper = order[middle] ?? NaN;
  return order.length % 2 === 1 ? upper : (upper + (order[middle - 1] ?? NaN)) / 2;
}

const digits = (/** @type {number} */ value) => Number(value.toPrecision(3)).toString();

/** Median, least and greatest, as text. @param {number[]} values */
export const spreadOf = (values) =>
  [medianOf(values), Math.min(...values), Math.max(...values)].map(digits);

/** The median of a/b over the pairs that ran one after the other. @param {number[]} a @param {number[]} b */
export const ratioOf = (a, b) => digits(medianOf(a.map((value, at) => value / (b[at] ?? NaN))));

/** @param {string[]} titles @param {string[][]} rows */
export function printTable(titles, rows) {
  const table = [titles, ...rows];
  const widths = titles.map((_, at) => Math.max(...table.map((row) => (row[at] ?? "").length)));
  for (const row of table) {
    console.log(
      row
        .map((cell, at) =>
          at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0),
        )
        .join("  "),
    );
  }
}
