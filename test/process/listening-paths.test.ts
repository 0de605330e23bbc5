/** What can be wrong with the path of a unix socket, each answered by one line at once. */
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { freePort, launch, project, PROGRAM, type Running } from "../support/supervisor.js";

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const FILES = {
  "dazzle.toml": '[project]\nname = "fixture"\n',
  "app.mjs": `export default () => (request, response) => response.end("ok");\n`,
};

async function serveOn(
  folder: string,
  path: string,
  command?: readonly [string, ...string[]],
): Promise<Running> {
  const port = String(await freePort());
  return launch({
    cwd: folder,
    args: ["serve", "app.mjs", "--no-watch", "--port", port, "--host", `unix:${path}`],
    env: { DATABASE_URL: database.url },
    ...(command === undefined ? {} : { command }),
  });
}

async function refusal(app: Running): Promise<{ code: number | null; said: string }> {
  const { code } = await app.exited;
  const said = app.stderr().trimEnd();
  expect(said.split("\n")).toHaveLength(1);
  expect(app.events().filter((event) => event === "worker.forked").length).toBeLessThanOrEqual(1);
  return { code, said };
}

/** Needs root, to be somebody else. */
const asNobody: readonly [string, ...string[]] = [
  "setpriv",
  "--reuid=65534",
  "--regid=65534",
  "--clear-groups",
  process.execPath,
  PROGRAM,
];
const canBeNobody = process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0;

describe("a unix socket", () => {
  test.each([
    ["whose folder does not exist", "none/app.sock", "folder does not exist"],
    [
      "with a file in the place of its folder",
      "app.mjs/app.sock",
      "in the place of the socket's folder",
    ],
    ["behind symbolic links in a circle", "round/app.sock", "lead in a circle"],
    ["with too long a path", "a".repeat(108), "has 108 bytes, and a socket's at most"],
  ])("%s is refused with 78", async (_what, path, said) => {
    const folder = project(FILES);
    symlinkSync("round", join(folder, "round"));
    const refused = await refusal(await serveOn(folder, path));
    expect(refused.code).toBe(78);
    expect(refused.said).toContain(said);
  });

  test.skipIf(!canBeNobody)("in a folder that may not be entered is refused with 78", async () => {
    const folder = project(FILES);
    chownSync(folder, 65_534, 65_534);
    mkdirSync(join(folder, "closed"));
    chmodSync(join(folder, "closed"), 0o700);
    const refused = await refusal(await serveOn(folder, "closed/app.sock", asNobody));
    expect(refused.code).toBe(78);
    expect(refused.said).toContain("this user may not open it");
  });

  test("in the place of a file is refused with 70, and the file stays", async () => {
    const folder = project(FILES);
    writeFileSync(join(folder, "app.sock"), "precious");
    const refused = await refusal(await serveOn(folder, "app.sock"));
    expect(refused.code).toBe(70);
    expect(refused.said).toContain("choose another path");
    expect(statSync(join(folder, "app.sock")).size).toBe(8);
  });

  test("that somebody listens on is refused with 70", async () => {
    const folder = project(FILES);
    const taken = createServer().listen(join(folder, "app.sock"));
    onTestFinished(() => void taken.close());
    await once(taken, "listening");
    const refused = await refusal(await serveOn(folder, "app.sock"));
    expect(refused.code).toBe(70);
    expect(refused.said).toContain("choose another path");
  });

  test("that a killed supervisor left behind is used again", async () => {
    const folder = project(FILES);
    const first = await serveOn(folder, "app.sock");
    await first.waitFor("supervisor.ready");
    await first.end("SIGKILL");
    expect(existsSync(join(folder, "app.sock"))).toBe(true);
    const second = await serveOn(folder, "app.sock");
    await second.waitFor("supervisor.ready");
    const status = await new Promise((resolve, reject) => {
      request({ socketPath: join(folder, "app.sock"), agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
    await second.end();
  });
});
