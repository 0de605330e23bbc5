import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decideBudget, fitWorkers, type Capacity } from "../../../src/postgres/budget.js";

const base: Capacity = {
  maxConnections: 100,
  superuserReserved: 3,
  reserved: 0,
  role: "app",
  roleLimit: null,
  database: "tasks",
  databaseLimit: null,
  superuser: false,
  connections: [
    {
      applicationName: "tasks/supervisor",
      sameDatabase: true,
      sameRole: true,
      sameClient: true,
      count: 1,
    },
  ],
};
const others = (count: number, applicationName = "psql") => ({
  ...base,
  connections: [
    ...base.connections,
    { applicationName, sameDatabase: false, sameRole: false, sameClient: false, count },
  ],
});

describe("the connection budget", () => {
  test("is workers x pool.max + 1 against max_connections less the reserved", () => {
    expect(decideBudget(base, { workers: 4, poolMax: 19, project: "tasks" })).toMatchObject({
      status: "ok",
      demand: 77,
      capacity: 97,
      others: 0,
      available: 97,
      reserved: 3,
    });
    expect(decideBudget(base, { workers: 4, poolMax: 24, project: "tasks" }).demand).toBe(97);
    expect(decideBudget(base, { workers: 4, poolMax: 25, project: "tasks" })).toMatchObject({
      status: "exceeded",
      demand: 101,
      largestPoolMax: 24,
    });
  });

  test("counts reserved_connections of PostgreSQL 16 too", () => {
    const capacity = { ...base, maxConnections: 20, reserved: 2 };
    expect(decideBudget(capacity, { workers: 2, poolMax: 8, project: "tasks" })).toMatchObject({
      status: "exceeded",
      capacity: 15,
      largestPoolMax: 7,
    });
  });

  test.each([
    [{ roleLimit: 10, databaseLimit: 20 }, "role", 10],
    [{ roleLimit: 30, databaseLimit: 20 }, "database", 20],
    [{ roleLimit: 300, databaseLimit: 200 }, "max_connections", 97],
  ])("takes the least of the limits: %o", (limits, name, capacity) => {
    const verdict = decideBudget({ ...base, ...limits }, { workers: 9, poolMax: 12, project: "t" });
    expect(verdict).toMatchObject({ status: "exceeded", capacity, limit: { name } });
  });

  test("says which limit, the numbers and the largest pool that fits", () => {
    const capacity = { ...base, roleLimit: 10 };
    expect(decideBudget(capacity, { workers: 3, poolMax: 4, project: "tasks" }).message).toBe(
      "3 workers x pool.max 4 + 1 = 13 connections, but the connection limit of role app allows 10; pool.max 3 is the largest that fits",
    );
  });

  test("warns, never refuses, when it fits alone but not beside the others", () => {
    const verdict = decideBudget(others(40), { workers: 4, poolMax: 15, project: "tasks" });
    expect(verdict).toMatchObject({ status: "warn", others: 40, available: 57 });
    expect(verdict.comfortablePoolMax).toBe(11);
  });

  test("warns when only a reload's overlap does not fit", () => {
    const verdict = decideBudget(base, { workers: 4, poolMax: 20, project: "tasks" });
    expect(verdict).toMatchObject({ status: "warn", demand: 81, comfortablePoolMax: 19 });
    expect(verdict.message).toContain("101 during a reload");
  });

  test("counts the fleet's supervisors with all that they may open, not twice", () => {
    const capacity = others(10, "tasks/worker 1");
    const wanted = { workers: 2, poolMax: 10, project: "tasks" };
    const may = (connections: number) => [{ project: "tasks", connections }];
    expect(decideBudget(capacity, wanted).others).toBe(10);
    expect(decideBudget(capacity, { ...wanted, fleet: may(63) }).others).toBe(63);
    expect(decideBudget(capacity, { ...wanted, fleet: may(63) }).status).toBe("ok");
    expect(decideBudget(capacity, { ...wanted, fleet: may(84) }).status).toBe("warn");
  });

  test("counts a supervisor of another project with all that it may open, its open ones not twice", () => {
    const capacity = others(10, "billing/worker 1");
    const wanted = { workers: 2, poolMax: 10, project: "tasks" };
    const billing = { project: "billing", connections: 41 };
    expect(decideBudget(capacity, { ...wanted, fleet: [billing] }).others).toBe(41);
    expect(decideBudget(capacity, { ...wanted, fleet: [billing, billing] }).others).toBe(82);
    const fewer = [{ ...billing, connections: 5 }];
    expect(decideBudget(capacity, { ...wanted, fleet: fewer }).others).toBe(10);
  });

  test("does not take its own workers for others, so that a reload judges as the start did", () => {
    const worker = { sameDatabase: true, sameRole: true, sameClient: true, count: 20 };
    const connections = [
      ...base.connections,
      { ...worker, applicationName: "tasks/worker 1" },
      { ...worker, applicationName: "tasks/worker 2" },
      { ...worker, applicationName: "psql", count: 1 },
    ];
    expect(
      decideBudget({ ...base, connections }, { workers: 2, poolMax: 30, project: "tasks" }),
    ).toMatchObject({ status: "ok", ours: 41, others: 1 });
  });

  test("counts connections to another database or by another role against their own limits only", () => {
    const capacity = { ...others(40), databaseLimit: 40 };
    expect(decideBudget(capacity, { workers: 2, poolMax: 10, project: "tasks" })).toMatchObject({
      status: "ok",
      capacity: 40,
    });
  });

  test("the largest pool.max that it names fits, and the next does not", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 500 }),
        fc.option(fc.integer({ min: 0, max: 500 })),
        fc.integer({ min: 1, max: 64 }),
        (maxConnections, roleLimit, workers) => {
          const capacity = { ...base, maxConnections, roleLimit };
          const at = (poolMax: number) =>
            decideBudget(capacity, { workers, poolMax, project: "t" });
          const { largestPoolMax } = at(1_000);
          if (largestPoolMax > 0) expect(at(largestPoolMax).status).not.toBe("exceeded");
          expect(at(largestPoolMax + 1).status).toBe("exceeded");
        },
      ),
    );
  });
});

describe("workers = auto", () => {
  test("is lowered to what fits, but not below one", () => {
    expect(fitWorkers(base, 4, 20)).toBe(4);
    expect(fitWorkers(base, 16, 20)).toBe(4);
    expect(fitWorkers({ ...base, roleLimit: 5 }, 4, 20)).toBe(1);
  });
});
