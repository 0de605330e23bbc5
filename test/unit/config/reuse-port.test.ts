import { expect, test } from "vitest";
import { hasReusePort } from "../../../src/config/combinations.js";
import { failure } from "../../support/project.js";

test("reuseport needs Node 23.1", () => {
  expect(["23.1.0", "24.0.0", "26.10.0"].map(hasReusePort)).toEqual([true, true, true]);
  expect(["20.19.0", "22.18.0", "23.0.0"].map(hasReusePort)).toEqual([false, false, false]);
});

test.skipIf(hasReusePort(process.versions.node))(
  "on a Node without it is a mistake of the configuration that validate finds too",
  async () => {
    const { exitStatus, message } = await failure({
      toml: "[supervisor]\ndistribution = 'reuseport'",
    });
    expect(exitStatus).toBe(78);
    expect(message).toMatch(/supervisor\.distribution = "reuseport".*needs Node 23\.1/);
  },
);
