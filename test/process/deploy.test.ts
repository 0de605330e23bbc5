import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createDatabase, type TestDatabase } from "../support/database.js";
import { cleanEnvironment, freePort, launch, PROGRAM, project } from "../support/supervisor.js";

const run = promisify(execFile);
const REPOSITORY = join(import.meta.dirname, "..", "..");

const has = (tool: string): boolean => spawnSync(tool, ["--help"]).error === undefined;
const without = (tool: string): string =>
  has(tool) ? "" : ` (skipped: this machine has no ${tool})`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** A project whose packages are those of this repository, the supervisor among them. */
async function deployed(target: string, toml = ""): Promise<string> {
  const folder = project({
    "package.json": '{"name":"shop","dependencies":{"dazzle-supervise":"*"}}',
    "package-lock.json": "{}",
    "app.mjs": 'export default () => (request, response) => response.end("served");\n',
    "schema.sql": "CREATE TABLE item (id int PRIMARY KEY);\n",
    "dazzle.toml": `[app]\nentry = "app.mjs"\nworkers = 2\n${toml}`,
  });
  mkdirSync(join(folder, "bin"));
  symlinkSync(PROGRAM, join(folder, "bin", "supervise"));
  const options = { cwd: folder, env: cleanEnvironment() };
  await run(process.execPath, [PROGRAM, "deploy", target], options);
  return folder;
}

it("supervise deploy refuses a target that it does not know, and names the nearest", () => {
  const options = { cwd: project({}), encoding: "utf8", env: cleanEnvironment() } as const;
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, "deploy", "dokcer"], options);
  expect(status).toBe(64);
  expect(stderr).toContain("did you mean docker?");
});

it("what the Dockerfile starts becomes ready, and its health check says so", async () => {
  const controlPort = await freePort();
  const folder = await deployed("docker", `[control]\nport = ${controlPort}\n`);
  const text = readFileSync(join(folder, "Dockerfile"), "utf8");
  const list = (start: RegExp): string[] => {
    const given: unknown = JSON.parse(start.exec(text)?.[1] ?? "[]");
    return Array.isArray(given) ? given.map(String) : [];
  };
  const variables = [...text.matchAll(/^(?:ENV| {3}) (\w+)=(\S+)/gm)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  );
  const env = {
    ...Object.fromEntries(variables),
    PATH: `${folder}/bin:${process.env["PATH"] ?? ""}`,
  };
  expect(env).toMatchObject({ DAZZLE_ENV: "production", NODE_ENV: "production" });
  const [probe = "", ...probeArgs] = list(/^ {2}CMD (\[.*\])$/m);
  const healthy = () => spawnSync(probe, probeArgs, { env: cleanEnvironment() }).status;

  expect(healthy()).toBe(1);
  const port = await freePort();
  const [program = "", ...args] = list(/^CMD (\[.*\])$/m);
  const running = launch({
    cwd: folder,
    command: [program, ...args],
    env: { ...env, PORT: String(port), DATABASE_URL: database.url },
  });
  await running.waitFor("supervisor.ready");
  expect(healthy()).toBe(0);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("served");
  expect((await running.end()).code).toBe(0);
  expect(healthy()).toBe(1);
});

it("the release and the web process of the Procfile run as they stand there", async () => {
  const folder = await deployed("heroku");
  const port = await freePort();
  const env = {
    DATABASE_URL: database.url,
    DAZZLE_ENV: "production",
    WEB_CONCURRENCY: "2",
    PATH: `${folder}/bin:${process.env["PATH"] ?? ""}`,
  };
  const foreman = join(REPOSITORY, "node_modules/foreman/nf.js");
  const release = /^release: (.+)$/m.exec(readFileSync(join(folder, "Procfile"), "utf8"))?.[1];
  await run("sh", ["-c", release ?? ""], { cwd: folder, env: { ...cleanEnvironment(), ...env } });
  const web = launch({
    cwd: folder,
    command: [process.execPath, foreman],
    args: ["start", "--raw", "--port", String(port), "web"],
    env,
  });
  const { pid } = await web.waitFor("supervisor.ready");
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("served");
  // The runner tells its processes to end and does not wait for them.
  await web.end("SIGINT");
  await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow(), { timeout: 30_000 });
});

describe.skipIf(!has("systemd-analyze"))(`the units${without("systemd-analyze")}`, () => {
  it("are valid for systemd", async () => {
    const folder = await deployed("systemd");
    const units = join(folder, "deploy", "systemd");
    const names = readdirSync(units);
    for (const name of names) {
      // systemd looks for the program of a unit: here it is where this repository has it.
      const text = readFileSync(join(units, name), "utf8");
      writeFileSync(
        join(units, name),
        text.replaceAll("/srv/shop/node_modules/.bin/supervise", PROGRAM),
      );
    }
    const env = { ...cleanEnvironment(), SYSTEMD_UNIT_PATH: `${units}:` };
    const { stdout, stderr } = await run("systemd-analyze", ["verify", ...names], {
      cwd: units,
      env,
    });
    expect(names).toHaveLength(4);
    expect(`${stdout}${stderr}`).not.toContain("shop");
  });
});

describe.skipIf(!has("kubectl"))(`the manifests${without("kubectl")}`, () => {
  it("are one kustomization", async () => {
    const folder = await deployed("kubernetes");
    const { stdout } = await run("kubectl", ["kustomize", join(folder, "deploy/kubernetes")]);
    expect(stdout).toContain("image: registry.example.com/shop:1");
    expect(stdout).not.toContain("image: shop");
  });
});
