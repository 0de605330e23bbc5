import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/clients.js";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { FIXTURES, freePort, launch, PROGRAM, project } from "../support/supervisor.js";

const hasPerl = spawnSync("/usr/bin/perl", ["-e", "1"]).status === 0;
const MANAGER = join(FIXTURES, "..", "service-manager.pl");

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

describe.skipIf(!hasPerl)("under a service manager", () => {
  test.each(["busy.mjs", "script-plain.cjs"])(
    "%s serves on the socket that it was handed, and the manager is told how it goes",
    async (app) => {
      const port = await freePort();
      const cwd = project({});
      const running = launch({
        cwd,
        command: [
          "/usr/bin/perl",
          MANAGER,
          String(port),
          join(cwd, "notify"),
          process.execPath,
          PROGRAM,
        ],
        args: [
          "serve",
          join(FIXTURES, app),
          "--port",
          String(port),
          "--no-watch",
          "--log-format",
          "json",
        ],
        env: { DATABASE_URL: database.url },
      });
      const told = (text: string) => running.waitFor("told", ({ msg }) => msg === text);
      await told("READY=1");
      expect(await ask(port, "/")).toMatchObject({ status: 200 });
      running.child.kill("SIGHUP");
      await told("RELOADING=1");
      await running.waitFor("reload.done");
      expect(await ask(port, "/")).toMatchObject({ status: 200 });
      running.child.kill("SIGTERM");
      await told("STOPPING=1");
      expect(await running.exited).toMatchObject({ code: 0 });
    },
  );
});
