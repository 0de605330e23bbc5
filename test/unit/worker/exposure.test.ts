import { describe, expect, it } from "vitest";
import { watchExposure } from "../../../src/worker/distribution/exposure.js";
import { startAcceptingUnless } from "../../../src/worker/distribution/accepting.js";

describe("a connection that nobody else holds yet", () => {
  it("keeps others from being accepted until it is held", () => {
    const told: boolean[] = [];
    const exposure = watchExposure((exposed) => told.push(exposed));
    exposure.set(true);
    exposure.set(true);
    exposure.set(false);
    exposure.set(false);
    expect(told).toEqual([true, false]);
  });

  it("does so no longer when the primary does not answer, until it does again", async () => {
    const told: boolean[] = [];
    let tell: () => void;
    const given = new Promise<void>((resolve) => (tell = resolve));
    const exposure = watchExposure((exposed) => {
      told.push(exposed);
      if (!exposed) tell();
    });
    exposure.set(true);
    // The watch keeps no process alive; this test has to.
    const alive = setInterval(() => undefined, 1_000);
    await given;
    clearInterval(alive);
    exposure.set(true);
    expect(told).toEqual([true, false]);
    exposure.answered();
    exposure.set(false);
    exposure.set(true);
    expect(told).toEqual([true, false, true]);
    exposure.set(false);
  });
});

describe("a listening socket", () => {
  const handle = () => {
    let accepts = true;
    return {
      onconnection: null,
      listen: () => 0,
      close: () => undefined,
      ref: () => undefined,
      unref: () => undefined,
      readStart: () => {
        accepts = true;
        return 0;
      },
      readStop: () => {
        accepts = false;
        return 0;
      },
      accepts: () => accepts,
    };
  };

  it("accepts again only when the last reason against it has gone", () => {
    const socket = handle();
    const accepting = startAcceptingUnless(socket);
    accepting.against("share");
    accepting.against("exposed");
    accepting.noLonger("share");
    expect(socket.accepts()).toBe(false);
    accepting.noLonger("exposed");
    expect(socket.accepts()).toBe(true);
  });

  it("accepts whatever anybody says once its server drains", () => {
    const socket = handle();
    const accepting = startAcceptingUnless(socket);
    accepting.against("exposed");
    accepting.end();
    accepting.against("share");
    expect(socket.accepts()).toBe(true);
  });
});
