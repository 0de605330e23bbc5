import { expect, test } from "vitest";
import { createAggregate } from "../../../src/sampling/aggregate.js";
import { parsePoolReports } from "../../../src/sampling/report.js";
import { delta, report } from "./reports.js";

const settings = { warnWaitMs: 1_000, leakAfterMs: 60_000 };

test("a report survives the channel, and anything else is refused", () => {
  const sent = [report({ wait: delta(1, 2, 3), leaks: [{ heldMs: 61_000, stack: "at x" }] })];
  expect(parsePoolReports(JSON.parse(JSON.stringify(sent)))).toEqual(sent);
  expect(parsePoolReports([{ ...sent[0], waiting: "many" }])).toBeNull();
  expect(parsePoolReports(null)).toBeNull();
});

test("totals survive the end of the worker that counted them", () => {
  const aggregate = createAggregate(settings);
  aggregate.ingest(1, [report({ checkouts: 3, wait: delta(10, 20, 30) })], 0);
  aggregate.workerGone(1);
  expect(aggregate.snapshot("all")).toMatchObject({ checkouts: 3, total: 0, max: 0 });
  aggregate.ingest(1, [report({ checkouts: 2, wait: delta(40, 50) })], 1_000);
  expect(aggregate.snapshot(1)).toMatchObject([{ name: "main", checkouts: 5, total: 2, max: 2 }]);
});

test("a burst is told once, with the size that would have sufficed, and its end once", () => {
  const aggregate = createAggregate(settings);
  const burst = report({
    idle: 0,
    active: 2,
    waiting: 14,
    oldestWaitMs: 1_100,
    longestHeldMs: 300,
    peak: 20,
    checkouts: 6,
    wait: delta(0, 0, 400, 400, 800, 800),
    use: delta(400, 400, 400, 400),
    arrivals: { first: 0, counts: [20, ...Array<number>(21).fill(0)] },
  });
  aggregate.ingest(1, [burst], 1_000);
  const [line, ...others] = aggregate.tick(1_000);
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    event: "pool.exhausted",
    fields: {
      worker: 1,
      max: 2,
      waiting: 14,
      cause: "undersized",
      needed_max: 20,
      advised_max: 22,
    },
  });
  aggregate.ingest(
    1,
    [{ ...burst, arrivals: { first: 22, counts: Array<number>(20).fill(0) } }],
    2_000,
  );
  expect(aggregate.tick(2_000)).toEqual([]);
  const told = [];
  for (let now = 3_000; now < 20_000; now += 1_000) {
    aggregate.ingest(1, [report()], now);
    told.push(...aggregate.tick(now));
  }
  expect(told).toMatchObject([{ event: "pool.recovered", fields: { duration_ms: 2_000 } }]);
});

test("a spell that a single look has seen lasted until the next one, not for no time", () => {
  const aggregate = createAggregate(settings);
  const busy = { idle: 0, active: 2, waiting: 4, oldestWaitMs: 1_100 };
  aggregate.ingest(1, [report(busy)], 1_000);
  expect(aggregate.tick(1_000)).toMatchObject([{ event: "pool.exhausted" }]);
  const told = [];
  for (let now = 2_000; now < 20_000; now += 1_000) {
    aggregate.ingest(1, [report()], now);
    told.push(...aggregate.tick(now));
  }
  expect(told).toMatchObject([{ event: "pool.recovered", fields: { duration_ms: 1_000 } }]);
});

test("waits behind a server that refuses connections have that cause, below max too", () => {
  const aggregate = createAggregate(settings);
  const stuck = report({
    ...{ max: 10, total: 2, idle: 0, active: 2, waiting: 5, oldestWaitMs: 1_500, peak: 7 },
    ...{ longestHeldMs: 100, checkouts: 4, wait: delta(900, 1_000), use: delta(100, 100) },
  });
  aggregate.ingest(1, [stuck], 1_000);
  expect(aggregate.tick(1_000)).toEqual([]);
  aggregate.ingest(1, [{ ...stuck, connectErrors: { "53300": 1 } }], 2_000);
  const [line] = aggregate.tick(2_000);
  expect(line).toMatchObject({ event: "pool.exhausted", fields: { cause: "server-limit" } });
  expect(line?.msg).toMatch(/refuses further connections \(53300\).*max_connections/);
});
