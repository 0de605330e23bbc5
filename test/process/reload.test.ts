import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, load } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { serveReady } from "../support/serve.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const MIX = ["/", "/slow?ms=150", "/db"];
/** Replaced in the middle of a test: what the next release is. */
const release = (code: string) => ({ "app.mjs": code });
const GOOD = `export default () => (request, response) => response.end("good");`;

describe("a rolling reload", () => {
  const TEN_RELOADS_MS = 300_000;

  test(
    "under 32 clients loses no request, kept-alive or not, ten times over",
    async () => {
      const app = await serveReady({ app: "busy.mjs", url: database.url });
      const clients = load(app.port, MIX, 32);
      for (let round = 0; round < 10; round += 1) {
        expect(await app.command("reload")).toMatchObject({ code: 0 });
      }
      await clients.stop();
      expect(clients.failures).toEqual([]);
      expect(clients.served()).toBeGreaterThan(100);
    },
    TEN_RELOADS_MS,
  );

  test("loses no request of a script without any signal handling", async () => {
    const app = await serveReady({ app: "script-plain.cjs", url: database.url });
    const clients = load(app.port, ["/", "/?ms=150"], 16);
    for (let round = 0; round < 3; round += 1) {
      expect(await app.command("reload", "--parallel", "2")).toMatchObject({ code: 0 });
    }
    await clients.stop();
    expect(clients.failures).toEqual([]);
  });

  test("into a release that boots slowly loses no request meanwhile", async () => {
    const app = await serveReady({ app: "app.mjs", url: database.url, files: release(GOOD) });
    const slow = `await new Promise((resolve) => setTimeout(resolve, 2_000));\n${GOOD}`;
    writeFileSync(join(app.cwd, "app.mjs"), slow.replace("good", "slow"));
    const clients = load(app.port, ["/"], 16);
    expect(await app.command("reload", "--parallel", "2")).toMatchObject({ code: 0 });
    expect(await ask(app.port, "/")).toMatchObject({ body: "slow" });
    await clients.stop();
    expect(clients.failures).toEqual([]);
  });

  test("asked for during a reload is done after it", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url });
    const both = await Promise.all([app.command("reload"), app.command("reload")]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    await app.says(({ event }) => event === "reload.done", 2);
  });
});

const NEVER_READY = "never becomes ready";

describe("a release that can't serve", () => {
  test.each([
    ["throws at import", `throw new Error("broken release");`, "broken release"],
    [
      "throws in its factory",
      `export default () => { throw new Error("broken factory"); };`,
      "broken factory",
    ],
    [NEVER_READY, `setInterval(() => undefined, 1_000);`, "boot_timeout"],
    [
      "ends at once",
      `console.error("no thanks"); process.exitCode = 3; process.exit();`,
      "exit code 3",
    ],
  ])("and %s is abandoned after one boot; the old workers serve on", async (what, code, why) => {
    const app = await serveReady({ app: "app.mjs", url: database.url, files: release(GOOD) });
    const before = await app.workers();
    // Read again at the reload: what did boot was given all the time that it needed.
    if (what === NEVER_READY) {
      const impatient = '[project]\nname = "fixture"\n[supervisor]\nboot_timeout = "2s"\n';
      writeFileSync(join(app.cwd, "dazzle.toml"), impatient);
    }
    writeFileSync(join(app.cwd, "app.mjs"), code);
    const clients = load(app.port, ["/"], 4);
    const reloaded = await app.command("reload");
    await clients.stop();
    expect(reloaded.code).toBe(70);
    expect(reloaded.stderr).toContain(why);
    expect(clients.failures).toEqual([]);
    expect(await app.workers()).toEqual(before);
    expect(await app.waitFor("reload.abandoned")).toMatchObject({ level: "error" });
    expect(app.log.filter(({ event }) => event === "worker.forked")).toHaveLength(3);
  });

  test("for its configuration is abandoned before anything is forked", async () => {
    const app = await serveReady({ app: "busy.mjs", url: database.url });
    writeFileSync(join(app.cwd, "dazzle.toml"), "[pool]\nmin = 9\nmax = 1\n");
    expect(await app.command("reload", "--json")).toMatchObject({ code: 70 });
    expect(app.log.filter(({ event }) => event === "worker.forked")).toHaveLength(2);
  });
});

test("HUP reloads, TTIN adds a worker, TTOU takes one away, and the others stay", async () => {
  const app = await serveReady({ app: "busy.mjs", url: database.url });
  const before = await app.workers();
  app.child.kill("SIGTTIN");
  await app.waitFor("worker.ready", ({ worker }) => worker === 3);
  expect((await app.workers()).slice(0, 2)).toEqual(before);
  app.child.kill("SIGTTOU");
  await app.waitFor("worker.exit", ({ worker }) => worker === 3);
  expect(await app.workers()).toEqual(before);
  app.child.kill("SIGHUP");
  await app.waitFor("reload.done");
  expect(await app.workers()).not.toEqual(before);
});
