import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { connect, createDatabase } from "../support/database.js";
import { launch, project } from "../support/supervisor.js";

interface Outcome {
  code: number | null;
  stdout: string;
  /** Without the final line end. */
  stderr: string;
}

async function run(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const program = launch({ cwd, args, env });
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr().trimEnd() };
}

const APP = "export default () => (request, response) => response.end('hello');";

/** A database address that counts who comes. */
async function listener(): Promise<{ url: string; connections: () => number; close: () => void }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address: AddressInfo | string | null = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  return {
    url: `postgresql://me:hunter2@127.0.0.1:${port}/db`,
    connections: () => connections,
    close: () => server.close(),
  };
}

describe("a start is refused in one line, before anything is touched", () => {
  test.each<[string, string[], Record<string, string>, number, string]>([
    ["", ["--workers", "0"], {}, 64, "--workers must be a whole number from 1 to 1024"],
    ["", ["serve", "--port", "70000"], {}, 64, "--port must be a whole number from 0 to 65535"],
    ["", ["--env", "live"], {}, 64, "--env must be"],
    ["", ["--local"], { DAZZLE_ENV: "production" }, 64, "--local means development"],
    ["", ["--watch"], { DAZZLE_ENV: "production" }, 64, "app.watch cannot be turned on in"],
    ["", [], { DAZZLE_ENV: "prod" }, 78, 'did you mean "production"?'],
    ["", [], { WEB_CONCURRENCY: "abc" }, 78, "WEB_CONCURRENCY must be"],
    ["", [], { WEB_CONCURRENCY: "" }, 78, "WEB_CONCURRENCY is empty"],
    ["[pool]\nmin = 9\nmax = 3", [], {}, 78, "pool.min = 9 (dazzle.toml:2 [pool]) is greater"],
    ["[pool]\nmx = 9", [], {}, 78, "unknown key pool.mx (dazzle.toml:2): did you mean pool.max?"],
    ["[pool", [], {}, 78, "invalid TOML"],
    ["", ["--config", "other.toml"], {}, 66, "--config other.toml does not exist"],
    ["[app]\nentry = 'ap.js'", [], {}, 66, "did you mean app.js?"],
    ["", ["./sever.js"], {}, 66, "the application's entry sever.js does not exist"],
    ["", [], { DAZZLE_ENV: "production" }, 69, "set DATABASE_URL"],
    ["[project]\nframework_version = 'newest'", [], {}, 78, "is no npm version range"],
  ])("%j %j %j exits with its status", async (toml, args, env, status, said) => {
    const cwd = project({ "dazzle.toml": toml, "app.js": APP });
    const { code, stderr } = await run(cwd, args, env);
    expect(stderr).toContain(said);
    expect(stderr.split("\n").filter((line) => line.startsWith("supervise: "))).toHaveLength(1);
    expect(code).toBe(status);
  });

  test("a pin mismatch exits 78 with both versions and the command, and no connection is opened", async () => {
    const database = await listener();
    const toml = "[project]\nframework_version = '~99.1'";
    const cwd = project({ "dazzle.toml": toml, "app.js": APP });
    const { code, stderr } = await run(cwd, [], { DATABASE_URL: database.url });
    database.close();
    expect(code).toBe(78);
    expect(stderr).toMatch(
      /installed dazzle-supervise \d+\.\d+\.\d+ does not satisfy project\.framework_version = "~99\.1"/,
    );
    expect(stderr).toContain('run npm install dazzle-supervise@"~99.1"');
    expect(database.connections()).toBe(0);
  });

  test("a malformed DATABASE_URL is refused without its password, also at the debug level", async () => {
    const cwd = project({ "app.js": APP });
    const env = { DATABASE_URL: "postgresql://me:hunter2#@db/x" };
    const { code, stdout, stderr } = await run(cwd, ["--log-level", "debug"], env);
    expect(code).toBe(78);
    expect(stdout + stderr).not.toContain("hunter2");
  });
});

describe("supervise config", () => {
  const toml = [
    "[pool]",
    "max = 11",
    "[database]",
    "url = 'postgresql://me:hunter2@db/x?sslpassword=hunter2'",
    "[control]",
    "token = 'hunter2'",
    "[env.production.pool]",
    "max = 12",
  ].join("\n");

  test("prints every setting with its origin and no secret", async () => {
    const cwd = project({ "dazzle.toml": toml });
    const env = { WEB_CONCURRENCY: "3" };
    const { code, stdout } = await run(cwd, ["config", "--env", "production", "--port", "9"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^env +production +flag --env$/m);
    expect(stdout).toMatch(/^pool\.max +12 +dazzle\.toml:8 \[env\.production\.pool\]$/m);
    expect(stdout).toMatch(/^app\.workers +3 +env WEB_CONCURRENCY$/m);
    expect(stdout).toMatch(/^app\.port +9 +flag --port$/m);
    expect(stdout).toMatch(/^pool\.min +5 +profile production$/m);
    expect(stdout).toMatch(/^pool\.acquire_timeout +5s +default$/m);
    expect(stdout).toContain("postgresql://me:***@db/x?sslpassword=***");
    expect(stdout).not.toContain("hunter2");
  });

  test("--json prints one document, a key its value alone", async () => {
    const cwd = project({ "dazzle.toml": toml });
    const { stdout } = await run(cwd, ["config", "--json"]);
    expect(stdout).not.toContain("hunter2");
    const document: unknown = JSON.parse(stdout);
    expect(document).toMatchObject({ env: "development", root: cwd });
    expect(document).toHaveProperty(
      "settings",
      expect.arrayContaining([
        { key: "pool.max", value: 11, origin: "dazzle.toml:2 [pool]", layer: "file" },
        { key: "control.token", value: "***", origin: "dazzle.toml:6 [control]", layer: "file" },
      ]),
    );
    expect((await run(cwd, ["config", "pool.max"])).stdout).toBe("11\n");
    const mistyped = await run(cwd, ["config", "pool.mx"]);
    expect([mistyped.code, mistyped.stderr]).toEqual([
      64,
      "supervise: there is no setting 'pool.mx': did you mean 'pool.max'?",
    ]);
  });
});

describe("supervise validate", () => {
  test("finds a sound project sound", async () => {
    const cwd = project({ "dazzle.toml": "", "app.js": APP });
    const { code, stdout, stderr } = await run(cwd, ["validate"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^ok +entry +app\.js$/m);
  });

  test("lists everything that is wrong, and ends with the worst", async () => {
    const toml = "[pool]\nmx = 1\n[app]\nport = 'x'\n[env.prod]";
    const cwd = project({ "dazzle.toml": toml, "app.js": APP });
    const { code, stdout, stderr } = await run(cwd, ["validate", "--json"]);
    expect(code).toBe(78);
    expect(stderr).toContain("(and 2 more in the report)");
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      errors: 3,
      findings: [
        { severity: "error", where: "dazzle.toml:2", remedy: "did you mean pool.max?" },
        { severity: "error", where: "dazzle.toml:4" },
        { severity: "error", where: "dazzle.toml:5" },
      ],
    });
  });

  test("warns of what another environment would refuse", async () => {
    const cwd = project({ "dazzle.toml": "[app]\ntest_endpoints = true", "app.js": APP });
    const { code, stdout } = await run(cwd, ["validate"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^warning +configuration +in production: app\.test_endpoints cannot be/m,
    );
  });

  test("a missing entry and a pin that is not met are found together", async () => {
    const cwd = project({ "dazzle.toml": "[project]\nframework_version = '~99.0'" });
    const { code, stdout } = await run(cwd, ["validate"]);
    expect(code).toBe(78);
    expect(stdout).toMatch(/^error +pin .*"~99\.0"/m);
    expect(stdout).toMatch(/^error +entry +no application to run/m);
    writeFileSync(join(cwd, "app.js"), APP);
    writeFileSync(join(cwd, "dazzle.toml"), "");
    expect((await run(cwd, ["validate"])).code).toBe(0);
  });
});

describe("colour", () => {
  // Continuous integration and some shells set these, and colour libraries then paint into pipes.
  test.each(["CI", "COLORTERM", "GITHUB_ACTIONS"])(
    "is not written into a pipe for %s",
    async (name) => {
      const cwd = project({ "app.js": APP, "dazzle.toml": "[project]\nname = 'demo'\n" });
      for (const command of ["validate", "config"]) {
        const { stdout, stderr } = await run(cwd, [command], { [name]: "true" });
        expect(stdout).not.toBe("");
        expect(stdout + stderr).not.toContain("\u001b");
      }
    },
  );
});

describe("supervise validate and SQL", () => {
  test("schema files are parsed, and a missing one is missing input", async () => {
    const sql = "create table task (id int primary key);\ncreate tabl x;";
    const cwd = project({ "app.js": APP, "schema.sql": sql });
    const broken = await run(cwd, ["validate"]);
    expect(broken.code).toBe(65);
    expect(broken.stderr).toContain("schema.sql:2");
    writeFileSync(join(cwd, "dazzle.toml"), "[database]\nschema = ['gone.sql']");
    expect((await run(cwd, ["validate"])).code).toBe(66);
    writeFileSync(join(cwd, "dazzle.toml"), "[database]\nschema = ['s*.sql']");
    writeFileSync(join(cwd, "schema.sql"), "create table task (id int primary key);");
    const sound = await run(cwd, ["validate"]);
    expect([sound.code, sound.stderr]).toEqual([0, ""]);
    expect(sound.stdout).toMatch(/^ok +schema +schema\.sql: 1 statement$/m);
  });

  test("revisions are parsed, and one that is no SQL is bad data", async () => {
    const cwd = project({ "app.js": APP, "dazzle.toml": "[database]\nrevisions = '.'" });
    const write = (up: string): void =>
      writeFileSync(
        join(cwd, "20260101000000_first.sql"),
        `-- migrate:up\n${up}\n-- migrate:down\n`,
      );
    write("create table a (id int);");
    expect((await run(cwd, ["validate"])).stdout).toMatch(/^ok +revisions +1 revision in \.$/m);
    write("creat table a (id int);");
    const broken = await run(cwd, ["validate"]);
    expect([broken.code, broken.stderr]).toEqual([
      65,
      expect.stringContaining("20260101000000_first.sql:2"),
    ]);
  });

  test("--database says what a start would apply, and reads only", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    const sql = "create table task (id int primary key);";
    const cwd = project({ "app.js": APP, "schema.sql": sql });
    const env = { DATABASE_URL: database.url };
    const { code, stdout } = await run(cwd, ["validate", "--database", "--json"], env);
    expect(code).toBe(0);
    expect(stdout).toContain(`${database.name} on`);
    expect(stdout).toMatch(/schema: a start applies \d+/);
    const session = await connect(database.url);
    const tables = await session.query("select 1 from pg_tables where tablename = 'task'");
    await session.end();
    expect(tables).toEqual([]);
  });

  test("a database that is not there is a finding, without its password", async () => {
    const database = await createDatabase();
    await database.drop();
    const cwd = project({ "app.js": APP });
    const env = { DATABASE_URL: database.url };
    const { code, stdout, stderr } = await run(cwd, ["validate", "--database"], env);
    expect(code).toBe(69);
    expect(stdout).toMatch(new RegExp(`^error +database .*${database.name}`, "m"));
    expect(stdout + stderr).not.toContain(new URL(database.url).password);
  });
});
