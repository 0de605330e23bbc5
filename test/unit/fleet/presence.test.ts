import pg from "pg";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Instance } from "../../../src/fleet/instance.js";
import { createPresence, type Presence, type PresenceInput } from "../../../src/fleet/presence.js";
import type { Session } from "../../../src/postgres/session.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INSTANCE: Instance = {
  id: "1",
  project: "tasks",
  namespace: "public",
  host: "here",
  pid: 1,
  version: "0.1.0",
  workers: 2,
  poolMax: 10,
  state: "running",
  startedAt: new Date(0),
};

/** A presence whose rows are kept here: what each write said of the state. */
async function present(): Promise<{
  presence: Presence;
  written: string[];
  readonly become: (state: string) => void;
}> {
  const written: string[] = [];
  let state = "running";
  const session: Session = {
    client: new pg.Client(),
    backendPid: 1,
    serverVersion: "15.18",
    serverVersionNum: 150_018,
    lost: new AbortController().signal,
    direct: true,
    where: "here",
    settle: () => Promise.resolve(),
    another: () => Promise.resolve(session),
    query: <Row extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []) => {
      if (sql.startsWith("insert")) written.push(String(params[8]));
      const rows: (text: string) => Row[] = JSON.parse;
      return Promise.resolve(rows('[{ "usable": true }]'));
    },
    end: () => Promise.resolve(),
  };
  const input: PresenceInput = {
    describe: () => ({ ...INSTANCE, state }),
    onSession: (work) => work(session),
    ensure: () => Promise.resolve(),
    log: { debug: () => undefined },
  };
  const presence = createPresence(input);
  await presence.begin();
  return {
    presence,
    written,
    become: (next) => {
      state = next;
      presence.changed();
    },
  };
}

describe("a supervisor's row", () => {
  test("is written at the start and at each beat", async () => {
    const { written } = await present();
    expect(written).toEqual(["running"]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(written).toEqual(["running", "running", "running"]);
  });

  test("is written half a second after a change, and not before", async () => {
    const { written, become } = await present();
    become("reloading");
    await vi.advanceTimersByTimeAsync(499);
    expect(written).toEqual(["running"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(written).toEqual(["running", "reloading"]);
  });

  test("is written once for several changes at once, as they left it", async () => {
    const { written, become } = await present();
    for (const state of ["reloading", "degraded", "draining"]) become(state);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(written).toEqual(["running", "draining"]);
  });

  test("is written again for a change after that", async () => {
    const { written, become } = await present();
    become("degraded");
    await vi.advanceTimersByTimeAsync(500);
    become("running");
    await vi.advanceTimersByTimeAsync(500);
    expect(written).toEqual(["running", "degraded", "running"]);
  });

  test("is not written when all is as it was by then", async () => {
    const { written, become } = await present();
    become("degraded");
    become("running");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(written).toEqual(["running"]);
  });

  test("is not written any more once it is closed", async () => {
    const { presence, written, become } = await present();
    become("draining");
    await presence.close();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(written).toEqual(["running"]);
  });
});
