import { expect, test } from "vitest";
import { runShutdown } from "../../../src/worker/shutdown.js";
import { recordingLog } from "../../support/log.js";

const never = (): Promise<void> => new Promise(() => undefined);

test("shutdown functions run last registered first, each after the one before it has ended", async () => {
  const steps: string[] = [];
  const after = (name: string, turns: number) => async () => {
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    steps.push(name);
  };
  await runShutdown(
    [after("first", 0), after("second", 5), after("third", 1)],
    60_000,
    recordingLog(),
  );
  expect(steps).toEqual(["third", "second", "first"]);
});

test("several that never end and one that throws keep none of the others from running", async () => {
  const log = recordingLog();
  const steps: string[] = [];
  const work = () => void steps.push("work");
  const broken = () => {
    throw new Error("broken on purpose");
  };
  const stuck = () => never();
  await runShutdown([work, broken, stuck, stuck], 300, log);
  expect(steps).toEqual(["work"]);
  const said = log.lines.map(({ level, msg }) => `${level} ${msg}`);
  expect(
    said.filter((line) => /^warn shutdown function stuck did not end/.test(line)),
  ).toHaveLength(2);
  expect(said).toContainEqual("error shutdown function broken failed");
});
