import { expect, test, vi } from "vitest";
import type { ControlTarget } from "../../../src/control/protocol.js";
import { createScaler } from "../../../src/primary/scaler.js";
import { silentLog } from "../../support/log.js";

/** A supervisor that takes its time to answer for each worker. */
function slowTarget(workers: number): { count: () => number; scale: ControlTarget["scale"] } {
  let count = workers;
  return {
    count: () => count,
    scale: async (to) => {
      const from = count;
      await new Promise((resolve) => setImmediate(resolve));
      count = to;
      return { from, to };
    },
  };
}

test("three wishes for one more in a row add three, whatever each takes", async () => {
  const { count, scale } = slowTarget(1);
  const scaler = createScaler(count, scale, silentLog);
  scaler.more();
  scaler.more();
  scaler.more();
  await vi.waitFor(() => expect(count()).toBe(4));
  scaler.fewer();
  scaler.fewer();
  await vi.waitFor(() => expect(count()).toBe(2));
});

test("the last worker is not taken away", async () => {
  const { count, scale } = slowTarget(2);
  const said: string[] = [];
  const scaler = createScaler(count, scale, { ...silentLog, warn: (text) => said.push(text) });
  scaler.fewer();
  scaler.fewer();
  await vi.waitFor(() => expect(said).toEqual(["one worker is left: send TERM to stop it too"]));
  expect(count()).toBe(1);
});

test("a refused wish is said, and the next one is heard", async () => {
  const { count, scale } = slowTarget(1);
  const said: string[] = [];
  let refusals = 1;
  const scaler = createScaler(
    count,
    (to) => {
      refusals -= 1;
      return refusals === 0 ? Promise.reject(new Error("no room")) : scale(to);
    },
    { ...silentLog, warn: (text) => said.push(text) },
  );
  scaler.more();
  scaler.more();
  await vi.waitFor(() => expect(count()).toBe(2));
  expect(said).toEqual(["no room"]);
});
