import { describe, expect, it } from "vitest";
import { requireReusePort } from "../../../src/primary/distribution/reuse-port.js";
import { SuperviseError } from "../../../src/errors.js";

describe("supervisor.distribution", () => {
  it("accepts reuseport from Node 23.1 on", () => {
    for (const version of ["23.1.0", "24.0.0", "26.10.0"]) {
      expect(() => requireReusePort(version)).not.toThrow();
    }
  });

  it("refuses reuseport on a Node that has none, as a mistake of the configuration", () => {
    for (const version of ["20.19.0", "22.18.0", "23.0.0"]) {
      expect(() => requireReusePort(version)).toThrow(SuperviseError);
      expect(() => requireReusePort(version)).toThrow(
        /reuseport needs Node 23\.1.*supervisor\.distribution/,
      );
    }
  });
});
