import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toFields, type Row } from "../../../src/ipc/distribution/board.js";
import { decide, slack } from "../../../src/worker/distribution/fair-share.js";

const NOW = 1_000;
const row = (open: number, over: Partial<Row> = {}): Row => ({
  at: NOW - 10,
  validUntil: NOW + 50,
  open,
  ended: 0,
  accepting: 1,
  pid: 100 + open,
  ...over,
});
const table = (rows: readonly Row[]) => Float64Array.from(rows.flatMap(toFields));
/** What the first of these workers decides. */
const first = (rows: readonly Row[]) =>
  decide(table(rows), 0, { open: rows[0]?.open ?? 0, ended: rows[0]?.ended ?? 0 }, NOW);

describe("a worker's fair share of connections", () => {
  it("is one more than the worker with the fewest has", () => {
    expect(first([row(3), row(2)]).accept).toBe(true);
    expect(first([row(4), row(2)]).accept).toBe(false);
  });

  it("is wider by a twentieth among many connections", () => {
    expect(first([row(105), row(100)]).accept).toBe(true);
    expect(first([row(107), row(100)]).accept).toBe(false);
  });

  it("is wider while connections come and go all the time", () => {
    expect(slack(0, 0)).toBe(1);
    expect(slack(0, 3)).toBe(3);
    expect(first([row(3, { ended: 2 }), row(0, { ended: 1 })]).accept).toBe(true);
  });

  it("does not wait for a worker whose loop is stuck", () => {
    expect(first([row(9), row(2, { validUntil: NOW - 1 }), row(8)]).accept).toBe(true);
  });

  it("wakes those that stepped out and may step in again, unless they looked just now", () => {
    const out = { accepting: 0 };
    expect(first([row(5), row(6, out), row(9, out), row(5, { ...out, at: NOW })]).wake).toEqual([
      106,
    ]);
  });

  it("never leaves a listener without a worker that accepts", () => {
    const rows = fc.array(fc.record({ open: fc.nat(200), ended: fc.nat(5), stuck: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(rows, (drawn) => {
        const all = drawn.map(({ open, ended, stuck }) =>
          row(open, { ended, validUntil: stuck ? NOW - 1 : NOW + 50 }),
        );
        const alive = all.flatMap((one, own) =>
          one.validUntil < NOW ? [] : [decide(table(all), own, one, NOW).accept],
        );
        expect(alive.length === 0 || alive.includes(true)).toBe(true);
      }),
    );
  });
});
