import { expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { serve } from "../support/serve.js";
import { freePort } from "../support/supervisor.js";

test("while the database is waited for, it is alive, not ready, and can be stopped", async () => {
  const [nowhere, control] = [await freePort(), await freePort()];
  const app = await serve({
    app: "busy.mjs",
    url: `postgresql://nobody@127.0.0.1:${nowhere}/none`,
    args: ["--control-port", String(control)],
  });
  await app.waitFor("database.waiting");
  expect(await ask(control, "/livez")).toMatchObject({ status: 200 });
  const readiness = await ask(control, "/readyz");
  expect(readiness).toMatchObject({ status: 503 });
  expect(readiness.body).toContain("starting");
  expect(await ask(control, "/metrics")).toMatchObject({ status: 200 });
  const status = await app.command("status", "--json");
  expect(JSON.parse(status.stdout)).toMatchObject({ state: "starting", workers: [], url: null });
  expect(await app.command("reload")).toMatchObject({ code: 70 });
  expect(await app.command("stop")).toMatchObject({ code: 0 });
  expect(await app.exited).toEqual({ code: 0, signal: null });
  expect(app.events()).not.toContain("worker.forked");
});

test("a configuration that is wrong ends it before it has begun: no event of a stop", async () => {
  const app = await serve({
    app: "busy.mjs",
    url: "postgresql://nobody@127.0.0.1:1/none",
    supervisor: 'drain_timeout = "soon"',
  });
  expect(await app.exited).toMatchObject({ code: 78 });
  expect(app.events()).toEqual([]);
});
