import { expect, test } from "vitest";
import { isHopeless, isRetryable, SQLSTATE, sqlstateOf } from "../../../src/postgres/sqlstate.js";

const failed = (code: unknown) => Object.assign(new Error("failed"), { code });

test("a server's code is told from a system's", () => {
  expect(sqlstateOf(failed("55P03"))).toBe("55P03");
  for (const other of [failed("ECONNREFUSED"), failed(7), new Error("plain"), "text", null]) {
    expect(sqlstateOf(other)).toBeNull();
  }
});

test("giving way to another session is retried, a mistake is not", () => {
  for (const code of [SQLSTATE.lockNotAvailable, SQLSTATE.deadlockDetected, "40001"]) {
    expect(isRetryable(failed(code))).toBe(true);
  }
  expect(isRetryable(failed(SQLSTATE.undefinedTable))).toBe(false);
  expect(isRetryable(undefined)).toBe(false);
});

test("a wrong password is hopeless, a starting or crowded server is not", () => {
  expect(isHopeless(SQLSTATE.invalidPassword)).toBe(true);
  for (const code of [SQLSTATE.cannotConnectNow, SQLSTATE.tooManyConnections, "57P01"]) {
    expect(isHopeless(code)).toBe(false);
  }
});
