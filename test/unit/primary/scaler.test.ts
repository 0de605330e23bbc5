import { expect, test, vi } from "vitest";
import { createScaler, type Scaler } from "../../../src/primary/scaler.js";

interface Subject extends Scaler {
  readonly count: () => number;
  readonly said: readonly string[];
}

/** A supervisor whose workers never come about, and a budget that takes its time to answer. */
function scaler(
  workers: number,
  allow: (workers: number) => Promise<void> = () => new Promise((resolve) => setImmediate(resolve)),
): Subject {
  let count = workers;
  const said: string[] = [];
  const scale = (to: number): Promise<string | null> => {
    count = to;
    return new Promise(() => undefined);
  };
  const log = { warn: (text: string) => void said.push(text) };
  return { ...createScaler({ count: () => count, allow, scale, log }), count: () => count, said };
}

test("three wishes for one more in a row add three, though none has come about yet", async () => {
  const it = scaler(1);
  it.more();
  it.more();
  it.more();
  await vi.waitFor(() => expect(it.count()).toBe(4));
  it.fewer();
  it.fewer();
  await vi.waitFor(() => expect(it.count()).toBe(2));
});

test("the last worker is not taken away", async () => {
  const it = scaler(2);
  it.fewer();
  it.fewer();
  await vi.waitFor(() => expect(it.said).toEqual(["one worker is left: send TERM to stop it too"]));
  expect(it.count()).toBe(1);
});

test("a refused wish is said, and the next one is heard", async () => {
  let refusals = 1;
  const it = scaler(1, () => {
    refusals -= 1;
    return refusals === 0 ? Promise.reject(new Error("no room")) : Promise.resolve();
  });
  it.more();
  it.more();
  await vi.waitFor(() => expect(it.count()).toBe(2));
  expect(it.said).toEqual(["no room"]);
});
