import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { fateOf, ownName, parseOwner, type Owner } from "../../../src/backup/owner.js";
import { judgeLeftover } from "../../../src/backup/uploads/leftovers.js";

function own(): Owner {
  const owner = parseOwner(ownName());
  if (owner === null) throw new Error("its own name is none");
  return owner;
}

test("a name tells the process that made it", () => {
  expect(own().pid).toBe(process.pid);
  expect(fateOf(own())).toBe("alive");
  expect(ownName()).not.toBe(ownName());
});

test("a process that has ended is gone, one of another machine is elsewhere", () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  expect(fateOf({ ...own(), pid })).toBe("gone");
  expect(fateOf({ ...own(), machine: "00000000" })).toBe("elsewhere");
});

test.skipIf(!existsSync("/proc/self/stat"))(
  "a later process with the same id, as in a container that starts again, is another",
  () => {
    expect(fateOf({ ...own(), start: "1" })).toBe("gone");
  },
);

test.each(["", "x", "00000000-1-1-0000000", "00000000--1-00000000", "../1-1-1-1"])(
  "%j is no owner",
  (name) => {
    expect(parseOwner(name)).toBeNull();
  },
);

const DAY = 86_400_000;

test.each([
  ["gone", true, false, 0, ["settle", "settle"]],
  ["gone", false, false, 0, ["settle", "settle"]],
  ["gone", true, true, 0, ["settle", "settle"]],
  ["alive", false, false, 0, ["leave", "leave"]],
  ["alive", true, false, 0, ["leave", "wait"]],
  ["alive", true, true, 0, ["wait", "wait"]],
  ["elsewhere", false, false, 0, ["leave", "leave"]],
  ["elsewhere", false, false, 2 * DAY, ["settle", "settle"]],
  ["elsewhere", true, false, 0, ["lock", "settle"]],
] as const)(
  "a folder whose process is %s (swap begun: %s, being settled: %s, age %d): without and with the lock %j",
  (owner, journaled, settling, ageMs, wanted) => {
    const one = { owner, journaled, settling, ageMs };
    expect([judgeLeftover(one, false), judgeLeftover(one, true)]).toEqual(wanted);
  },
);
