import { describe, expect, test } from "vitest";
import { failure, load, type Layers } from "../../support/project.js";

/** The whole line that a person reads, and its exit status. */
async function refused(layers: Layers): Promise<{ status: number; line: string }> {
  const { exitStatus, message, parts } = await failure(layers);
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(parts.details).toBeUndefined();
  return { status: exitStatus, line: message };
}

describe("keys of dazzle.toml", () => {
  test.each<[string, string, number, string]>([
    ["[pool]\nmx = 1", "unknown key pool.mx", 2, "did you mean pool.max?"],
    ["\n\n[pol]\nmax = 1", "unknown section [pol]", 3, "did you mean [pool]?"],
    ["[Pool]\nmax = 1", "unknown section [Pool]", 1, "did you mean [pool]?"],
    ["[control]\ndir = 'x'", "unknown key control.dir", 2, "did you mean backup.dir?"],
    ["workers = 4", "unknown key workers", 1, "did you mean app.workers?"],
    ["[pool]\nworkers = 4", "unknown key pool.workers", 2, "did you mean app.workers?"],
    [
      "[pool]\nacquire-timeout = '5s'",
      "unknown key pool.acquire-timeout",
      2,
      "pool.acquire_timeout?",
    ],
    [
      "[pool]\nacquireTimeout = '5s'",
      "unknown key pool.acquireTimeout",
      2,
      "pool.acquire_timeout?",
    ],
    ["[pool]\nMAX = 5", "unknown key pool.MAX", 2, "did you mean pool.max?"],
    [
      "[env.prod.pool]\nmax = 5",
      "unknown environment [env.prod]",
      1,
      "did you mean [env.production]?",
    ],
    ["[env.foo]\nx = 5", "unknown environment [env.foo]", 1, "development, staging, production"],
    ["[env.staging.pol]\nmax = 5", "unknown section [env.staging.pol]", 1, "[env.staging.pool]?"],
    [
      "[env.staging.pool]\nmaxx = 5",
      "unknown key env.staging.pool.maxx",
      2,
      "env.staging.pool.max?",
    ],
    [
      "[env.staging]\nworkers = 5",
      "unknown key env.staging.workers",
      2,
      "env.staging.app.workers?",
    ],
    ["env.staging.pool.maxx = 5", "unknown key env.staging.pool.maxx", 1, "env.staging.pool.max?"],
    ["# mx\npool = { max = 1, mx = '''\nmx''' }", "unknown key pool.mx", 2, "pool.max?"],
    ["[pool]\n'm x' = 5", 'unknown key pool."m x"', 2, "did you mean pool.max?"],
    ["[pool]\n__proto__ = 5", "unknown key pool.__proto__", 2, "the keys of [pool] are min, max"],
    ["[constructor]\nx = 5", "unknown section [constructor]", 1, "the sections are project, app"],
    ["[pool]\nzzzzzzzz = 5", "unknown key pool.zzzzzzzz", 2, "the keys of [pool] are min, max"],
    ["[zzzzzzzz]", "unknown section [zzzzzzzz]", 1, "the sections are project, app"],
    ['pool = "x"', 'pool must be a table, not "x"', 1, "write [pool]"],
    ["[[pool]]\nmax = 1", "pool must be a table, not a list", 1, "write [pool] once"],
    ["env = 'production'", 'env must be a table, not "production"', 1, "--env or DAZZLE_ENV"],
    ["[env]\nproduction = 1", "env.production must be a table, not 1", 2, "[env.production]"],
  ])("%j", async (toml, what, line, remedy) => {
    const { status, line: said } = await refused({ toml });
    expect(status).toBe(78);
    expect(said).toContain(`${what} (dazzle.toml:${line})`);
    expect(said).toContain(remedy);
  });
});

describe("values of dazzle.toml", () => {
  test.each<[string, string]>([
    ['[pool]\nmax = "10"', 'pool.max must be a whole number from 1 to 262143, not "10"'],
    ["[pool]\nmax = 10.0", "pool.max must be a whole number from 1 to 262143, not 10.0"],
    ["[pool]\nmax = -1", "not -1"],
    ["[pool]\nmax = 0", "not 0"],
    ["[pool]\nmax = 99999999999999999999999999", "not 99999999999999999999999999"],
    ["[pool]\nmax = inf", "not Infinity"],
    ["[pool]\nmax = true", "not true"],
    ["[pool]\nmax = [1]", "not a list"],
    ["[pool]\nmax = 2026-01-01", "not a date"],
    ["[pool]\nmax.x = 1", "not a table"],
    ["[app]\nport = 70000", "app.port must be a whole number from 0 to 65535, not 70000"],
    ['[app]\nport = "8000"', "write port = 8000"],
    ["[app]\nworkers = 0", 'app.workers must be a whole number from 1 to 1024 or "auto", not 0'],
    ['[app]\nworkers = "AUTO"', 'not "AUTO"'],
    ['[app]\nworkers = "4"', 'not "4"'],
    ["[app]\nhost = ''", "app.host is empty"],
    ["[app]\nhost = 'http://x'", "app.host is a URL"],
    ["[app]\nhost = '0.0.0.0:8000'", "app.host holds a port"],
    ["[app]\nhost = '[::1]:8000'", "app.host holds a port"],
    ["[app]\nhost = '256.0.0.1'", "app.host is no IPv4 address"],
    ["[app]\nhost = '*'", "app.host is no address"],
    ["[app]\nhost = 'a b'", "app.host is no host name"],
    ["[app]\nhost = 'unix:'", "app.host names no socket path"],
    ["[control]\nhost = 'unix:/x'", "control.host is a unix socket"],
    ["[app]\nentry = ['a.js']", "app.entry must be a path, not a list"],
    ['[app]\nwatch = "yes"', 'app.watch must be true or false, not "yes"'],
    ['[pool]\nacquire_timeout = "30"', 'add the unit: "30s" or "30ms"'],
    ["[pool]\nacquire_timeout = 30", 'write it as text with a unit: "30s" or "30ms"'],
    ['[pool]\nacquire_timeout = "-5s"', 'not "-5s"'],
    ['[pool]\nacquire_timeout = "5 parsecs"', 'not "5 parsecs"'],
    ['[pool]\nacquire_timeout = "0s"', "is less than the least possible 1ms"],
    ['[pool]\nacquire_timeout = "0.5ms"', "is finer than a millisecond"],
    ['[supervisor]\ndrain_timeout = "999999h"', "is longer than 24 days"],
    ['[supervisor]\ndrain_timeout = ""', "supervisor.drain_timeout must be a duration"],
    ['[supervisor]\nhang_timeout = "50ms"', "is less than the least possible 100ms"],
    ['[migrate]\nlock_timeout = "0"', "is less than the least possible 1ms"],
    ['[supervisor]\nmax_memory = "512"', 'add the unit: "512MB"'],
    ["[supervisor]\nmax_memory = 512", 'write it as text with a unit: "512MB"'],
    ["[supervisor]\nmax_memory = 0", 'write "0"'],
    ['[supervisor]\nmax_memory = "-1MB"', "must be a size"],
    ['[supervisor]\nmax_memory = "99999999999TB"', "is too large"],
    ['[supervisor]\ndistribution = "Shared"', 'did you mean "shared"?'],
    ['[migrate]\non_unsafe = "abort"', 'must be "warn" or "refuse", not "abort"'],
    ['[database]\nschema = "schema.sql"', 'write it as a list: ["schema.sql"]'],
    ["[database]\nschema = ['a.sql', 3]", "has a wrong item 2: it must be a path, not 3"],
    ["[database]\nschema = ['']", "has a wrong item 1: it is empty"],
    ["[database]\nnamespace = 'dazzle'", "is the schema of supervise's own state"],
    ["[database]\nnamespace = 'pg_x'", "is reserved by PostgreSQL"],
    [`[database]\nnamespace = '${"é".repeat(32)}'`, "is longer than the 63 bytes"],
    ["[project]\nname = 'a/b'", "project.name may hold letters"],
    ["[project]\nname = '../up'", "project.name may hold letters"],
    ["[project]\nname = ''", "project.name is empty"],
    ["[project]\nframework = 'Not A Package'", "project.framework is no npm package name"],
    ["[project]\nframework_version = 0.38", "must be an npm version range, not 0.38"],
    [
      "[env.production.app]\ntest_endpoints = true",
      "app.test_endpoints cannot be turned on in production",
    ],
    ["[env.production.control]\ndev = true", "control.dev cannot be turned on in production"],
    ["[env.staging.database]\nembedded = true", "database.embedded cannot be turned on in staging"],
    ["[env.production.pool]\nmax = 'x'", "env.production.pool.max must be a whole number"],
  ])("%j", async (toml, what) => {
    const { status, line } = await refused({ toml });
    expect(status).toBe(78);
    expect(line).toContain(what);
    expect(line).toContain("dazzle.toml:2");
  });

  test("a list of 61 letters is shortened and control characters are escaped", async () => {
    const { line } = await refused({ toml: `[app]\nwatch = "\\u001b[31m${"x".repeat(500)}"` });
    expect(line).toContain(String.raw`not "\u001b[31m`);
    expect(line.length).toBeLessThan(200);
  });
});

describe("the text of dazzle.toml", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["a syntax error", "[pool]\nmax = = 3", "invalid TOML: invalid value (dazzle.toml:2:"],
    ["a table given twice", "[pool]\nmax = 1\n[pool]\nmin = 1", "(dazzle.toml:3:2)"],
    ["a key given twice", "[pool]\nmax = 1\nmax = 2", "(dazzle.toml:3:1)"],
    ["text without quotes", "[app]\nentry = app.js", "invalid TOML"],
    [
      "another encoding",
      new Uint8Array([0xff, 0xfe, 0x5b, 0x00]),
      "not a UTF-8 text (dazzle.toml)",
    ],
    ["a NUL byte", "[app]\n\u0000", "invalid TOML"],
  ])("%s is refused", async (_name, toml, what) => {
    const { status, line } = await refused({ toml });
    expect(status).toBe(78);
    expect(line).toContain(what);
  });

  test("a syntax error does not repeat the line, which may hold a password", async () => {
    const { line } = await refused({ toml: "[database]\nurl = postgresql://me:hunter2@db/x" });
    expect(line).not.toContain("hunter2");
  });

  test("a byte order mark, CRLF and an empty file are fine", async () => {
    const toml = "\ufeff[pool]\r\nmax = 7\r\n";
    expect((await load({ toml })).config.pool.max).toBe(7);
    expect((await load({ toml: "" })).config.pool.max).toBe(10);
    const error = await refused({ toml: "\ufeff# x\r\n[pool]\r\nmx = 7\r\n" });
    expect(error.line).toContain("dazzle.toml:3");
  });

  test("several mistakes are one line that says how many there are", async () => {
    const one = await refused({ toml: "[pool]\nmx = 7\n[app]\nport = -1\n[x]\ny = 1" });
    expect(one.line).toContain("(and 2 more problems: supervise validate lists all)");
  });
});

describe("environment variables", () => {
  test.each<[string, string, string]>([
    ["DAZZLE_ENV", "prod", 'did you mean "production"?'],
    ["DAZZLE_ENV", "Production", 'did you mean "production"?'],
    ["DAZZLE_ENV", "", "use one of the three"],
    ["DAZZLE_ENV", "test", 'must be "development" or "staging" or "production", not "test"'],
    ["WEB_CONCURRENCY", "", "WEB_CONCURRENCY is empty"],
    ["WEB_CONCURRENCY", "0", 'or "auto", not "0"'],
    ["WEB_CONCURRENCY", "abc", 'not "abc"'],
    ["WEB_CONCURRENCY", "-1", 'not "-1"'],
    ["WEB_CONCURRENCY", "2.5", 'not "2.5"'],
    ["WEB_CONCURRENCY", "1e3", 'not "1e3"'],
    ["WEB_CONCURRENCY", "0x4", 'not "0x4"'],
    ["WEB_CONCURRENCY", " 4", 'not " 4"'],
    ["WEB_CONCURRENCY", "AUTO", 'not "AUTO"'],
    ["WEB_CONCURRENCY", "99999999999999999999", "from 1 to 1024"],
    ["PORT", "70000", 'PORT must be a whole number from 0 to 65535, not "70000"'],
    ["PORT", "", "PORT is empty"],
    ["PORT", "http", 'not "http"'],
    ["HOST", "", "HOST is empty"],
    ["DAZZLE_DB_POOL_MIN", "-1", "from 0 to 262143"],
    ["DAZZLE_DB_POOL_MAX", "0", "from 1 to 262143"],
    ["DAZZLE_DB_POOL_MAX", "ten", 'not "ten"'],
    ["DAZZLE_DB_POOL_MAX", "", "DAZZLE_DB_POOL_MAX is empty"],
    ["DATABASE_URL", "", "DATABASE_URL is empty"],
    ["DATABASE_URL", "localhost/db", "DATABASE_URL is not a URL"],
    ["DATABASE_URL", "mysql://h/d", "begins with mysql:// instead of postgresql://"],
    ["DATABASE_URL", "postgresql://a,b/d", "names several hosts"],
    ["DATABASE_URL", "postgresql://h:70000/d", "names a port above 65535"],
    ["DATABASE_URL", '"postgresql://h/d"', "has quotes around it"],
    ["DATABASE_URL", "postgresql://", "names neither a host nor a database"],
    ["DATABASE_URL", "postgresql://u@${HOST}/d", "holds a variable that was not filled in"],
  ])("%s=%j", async (variable, value, what) => {
    const { status, line } = await refused({ env: { [variable]: value } });
    expect(status).toBe(78);
    expect(line).toContain(variable);
    expect(line).toContain(what);
    expect(line).toContain("environment variable");
  });

  test.each([
    "postgresql://me:hunter2#x@db/x",
    "postgresql://me:hunter2/x@db/x",
    "postgresql://me:hunter2%@db/x",
    "postgresql://me:hunter2@db:99999/x",
    "mysql://me:hunter2@db/x",
    "me:hunter2@db",
    '"postgresql://me:hunter2@db/x"',
  ])("a malformed DATABASE_URL is refused without its password", async (DATABASE_URL) => {
    for (const layers of [
      { env: { DATABASE_URL } },
      { toml: `[database]\nurl = '${DATABASE_URL}'` },
      { files: { ".env": `DATABASE_URL='${DATABASE_URL}'` } },
    ]) {
      const { status, line } = await refused(layers);
      expect(status).toBe(78);
      expect(line).not.toContain("hunter2");
    }
  });

  test("a bad value is refused also where a higher layer wins", async () => {
    const env = { WEB_CONCURRENCY: "abc", DAZZLE_ENV: "prod" };
    const { line } = await refused({ env, flags: { workers: "2", env: "staging" } });
    expect(line).toContain("DAZZLE_ENV must be");
    expect(line).toContain("and 1 more problem");
  });
});

describe("flags", () => {
  test.each<[Layers["flags"] & object, string]>([
    [{ workers: "0" }, '--workers must be a whole number from 1 to 1024 or "auto", not "0"'],
    [{ workers: "" }, "--workers must be"],
    [{ workers: "many" }, 'not "many"'],
    [{ port: "70000" }, "--port must be a whole number from 0 to 65535"],
    [{ port: "-1" }, 'not "-1"'],
    [{ host: "" }, "--host is empty"],
    [{ host: "::1:x y" }, "--host is no host name"],
    [{ controlPort: "x" }, "--control-port must be"],
    [{ env: "live" }, '--env must be "development"'],
    [{ entry: "" }, "ENTRY is empty"],
  ])("%j is a usage error", async (flags, what) => {
    const { status, line } = await refused({ flags });
    expect(status).toBe(64);
    expect(line).toContain(what);
    expect(line).toContain("(command line)");
  });

  test("what was just typed is reported before what is stored", async () => {
    const { status } = await refused({ toml: "[x]", flags: { workers: "0" } });
    expect(status).toBe(64);
  });
});

describe("combinations", () => {
  test.each<[Layers, string]>([
    [
      { toml: "[pool]\nmin = 20", env: { DAZZLE_DB_POOL_MAX: "5" } },
      "pool.min = 20 (dazzle.toml:2 [pool]) is greater than pool.max = 5 (env DAZZLE_DB_POOL_MAX)",
    ],
    [
      { env: { DAZZLE_ENV: "production", DAZZLE_DB_POOL_MAX: "3" } },
      "pool.min = 5 (profile production) is greater than pool.max = 3 (env DAZZLE_DB_POOL_MAX)",
    ],
    [
      { env: { DATABASE_DIRECT_URL: "postgresql://u:hunter2@h/d" } },
      'database.direct_url = "postgresql://u:***@h/d" (env DATABASE_DIRECT_URL) is set without',
    ],
    [
      { toml: "[control]\nport = 8000" },
      "control.port = 8000 (dazzle.toml:2 [control]) is the same as app.port",
    ],
    [
      { toml: "[app]\nhost = 'unix:/tmp/x'\n[supervisor]\ndistribution = 'reuseport'" },
      "needs a TCP port",
    ],
    [
      { toml: "[app]\ntest_endpoints = true", env: { DAZZLE_ENV: "production" } },
      "app.test_endpoints cannot be turned on in production (dazzle.toml:2 [app])",
    ],
    [
      { toml: "[app]\nwatch = true", env: { DAZZLE_ENV: "production" } },
      "app.watch cannot be turned on in production (dazzle.toml:2 [app])",
    ],
    [
      { toml: "[control]\ndev = true", flags: { env: "production" } },
      "control.dev cannot be turned on in production",
    ],
  ])("%j", async (layers, what) => {
    const { status, line } = await refused(layers);
    expect(status).toBe(78);
    expect(line).toContain(what);
    expect(line).not.toContain("hunter2");
    expect(line).not.toContain("more problem");
  });

  test("nothing is concluded from a dazzle.toml that could not be read", async () => {
    const env = { DATABASE_DIRECT_URL: "postgresql://h/d", DAZZLE_DB_POOL_MIN: "12" };
    const { line } = await refused({ toml: "[database", env });
    expect(line).toContain("invalid TOML");
    expect(line).not.toContain("more problem");
  });

  test("a wrong pool.max is not also called less than pool.min", async () => {
    const { line } = await refused({ toml: "[pool]\nmin = 15\nmax = 'x'" });
    expect(line).not.toContain("more problem");
  });
});

describe("accepted", () => {
  test.each<[Layers, object]>([
    [{ env: { WEB_CONCURRENCY: "auto" } }, { app: { workers: "auto" } }],
    [{ env: { PORT: "0" } }, { app: { port: 0 } }],
    [{ env: { HOST: "::" } }, { app: { host: "::" } }],
    [{ env: { HOST: "[::1]" } }, { app: { host: "::1" } }],
    [{ env: { HOST: "fe80::1%eth0" } }, { app: { host: "fe80::1%eth0" } }],
    [{ flags: { host: "unix:/run/app.sock" } }, { app: { host: "unix:/run/app.sock" } }],
    [{ flags: { host: "my_host.example" } }, { app: { host: "my_host.example" } }],
    [{ env: { DAZZLE_DB_POOL_MIN: "0" } }, { pool: { min: 0 } }],
    [{ toml: "[app]\nhost = '10.0.0.1'\n[control]\nport = 8000" }, { control: { port: 8000 } }],
    [{ toml: "[app]\nhost = 'unix:/x'\n[control]\nport = 8000" }, { control: { port: 8000 } }],
    [{ toml: "pool.max = 30\npool.min = 30" }, { pool: { min: 30, max: 30 } }],
    [{ toml: "pool = { max = 30 }" }, { pool: { max: 30 } }],
    [
      { toml: "[supervisor]\nmax_memory = '1.5GiB'" },
      { supervisor: { maxMemoryBytes: 1610612736 } },
    ],
    [{ toml: "[supervisor]\nhang_timeout = '0s'" }, { supervisor: { hangTimeoutMs: 0 } }],
    [{ toml: "[pool]\nacquire_timeout = '1.5s'" }, { pool: { acquireTimeoutMs: 1500 } }],
    [
      { env: { DATABASE_URL: "postgresql://u:a%23b,c@h:5432/d?sslmode=require" } },
      { database: { url: "postgresql://u:a%23b,c@h:5432/d?sslmode=require" } },
    ],
    [
      { env: { DATABASE_URL: "postgresql:///d?host=/run/postgresql" } },
      { database: { url: "postgresql:///d?host=/run/postgresql" } },
    ],
    [
      { env: { DATABASE_URL: "postgres://u@%2Frun%2Fpostgresql/d" } },
      { database: { url: "postgres://u@%2Frun%2Fpostgresql/d" } },
    ],
  ])("%j", async (layers, expected) => {
    expect((await load(layers)).config).toMatchObject(expected);
  });
});
