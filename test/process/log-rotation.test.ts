import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createDatabase } from "../support/database.js";
import { freePort, launch, PROGRAM, project } from "../support/supervisor.js";

test("USR1 goes on under the log's old name after a rotation, and no line is lost", async () => {
  const database = await createDatabase();
  const cwd = project({
    "package.json": '{"type":"module"}',
    "app.js": "export default () => (request, response) => response.end();\n",
  });
  const current = join(cwd, "app.log");
  const rotated = join(cwd, "app.log.1");
  const events = (file: string): string[] =>
    [...readFileSync(file, "utf8").matchAll(/"event":"([^"]+)"/g)].map(([, event]) => event ?? "");
  const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 30_000 });
  const shell = `exec "$0" "$1" app.js --port ${await freePort()} --no-watch > app.log`;
  const app = launch({
    cwd,
    command: ["/bin/sh", "-c", shell, process.execPath, PROGRAM],
    env: { DATABASE_URL: database.url },
  });
  await until(() => expect(events(current)).toContain("supervisor.ready"));
  renameSync(current, rotated);
  app.child.kill("SIGUSR1");
  await until(() => expect(existsSync(current)).toBe(true));
  expect(await app.end()).toEqual({ code: 0, signal: null });
  expect(events(rotated)).toContain("supervisor.ready");
  expect(events(rotated)).not.toContain("supervisor.stopped");
  expect(events(current).at(-1)).toBe("supervisor.stopped");
  await database.drop();
});
