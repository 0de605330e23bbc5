import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig, locateProject } from "../../../src/config/load.js";
import { findEntry } from "../../../src/config/entry.js";
import { SuperviseError } from "../../../src/errors.js";
import { failure, load, project, said } from "../../support/project.js";

describe("layers", () => {
  const toml = `
[pool]
max = 11
[env.development.pool]
max = 12
[env.staging.pool]
max = 13
`;
  const files = { ".env": "\n# pools\nDAZZLE_DB_POOL_MAX=14\n" };

  test("each layer wins over the ones below it and is named as the origin", async () => {
    const key = "pool.max";
    expect(said(await load({}), key)).toBe("10 from profile development");
    expect(said(await load({ toml: "[pool]\nmax = 11" }), key)).toBe(
      "11 from dazzle.toml:2 [pool]",
    );
    expect(said(await load({ toml }), key)).toBe("12 from dazzle.toml:5 [env.development.pool]");
    expect(said(await load({ toml, files }), key)).toBe("14 from .env:3 DAZZLE_DB_POOL_MAX");
    const env = { DAZZLE_DB_POOL_MAX: "15" };
    expect(said(await load({ toml, files, env }), key)).toBe("15 from env DAZZLE_DB_POOL_MAX");
    const flags = { workers: "3" };
    expect(said(await load({ flags, env: { WEB_CONCURRENCY: "2" } }), "app.workers")).toBe(
      "3 from flag --workers",
    );
  });

  test("only the section of the running environment counts", async () => {
    const flags = { env: "staging" };
    expect(said(await load({ toml, files, flags }), "pool.max")).toBe(
      "13 from dazzle.toml:7 [env.staging.pool]",
    );
    const url = { DAZZLE_ENV: "production" };
    expect(said(await load({ toml, env: url }), "pool.max")).toBe("11 from dazzle.toml:3 [pool]");
  });

  test.each([
    ["development", [true, true, 2, 10, 1, "127.0.0.1", 8000, true, true, "apply"]],
    ["staging", [true, false, 2, 10, 2, "0.0.0.0", 8000, false, false, "refuse"]],
    ["production", [false, false, 5, 20, 4, "0.0.0.0", 8000, false, false, "refuse"]],
  ])("the profile of %s is the contract's table", async (DAZZLE_ENV, expected) => {
    const { config } = await load({ env: { DAZZLE_ENV } });
    const { features, pool, app } = config;
    expect([
      features.testEndpoints,
      features.devControlPlane,
      pool.min,
      pool.max,
      app.workers,
      app.host,
      app.port,
      features.watch,
      features.embeddedPostgres,
      features.pendingRevisions,
    ]).toEqual(expected);
  });

  test("--env wins over DAZZLE_ENV", async () => {
    const both = await load({ env: { DAZZLE_ENV: "production" }, flags: { env: "staging" } });
    expect(said(both, "env")).toBe('"staging" from flag --env');
  });

  test("--no-watch and --no-migrate are flags; the parser's default for --no-migrate is none", async () => {
    const off = await load({ flags: { watch: false, migrate: false } });
    expect(said(off, "app.watch")).toBe("false from flag --no-watch");
    expect(said(off, "migrate.on_start")).toBe("false from flag --no-migrate");
    const filled = await load({ toml: "[migrate]\non_start = false", flags: { migrate: true } });
    expect(filled.config.migrate.onStart).toBe(false);
  });
});

describe("the file and its folder", () => {
  test("dazzle.toml is searched upward, and paths are relative to its folder", async () => {
    const root = project({ "dazzle.toml": '[app]\nentry = "app.js"', "src/deep/x.js": "" });
    const cwd = join(root, "src/deep");
    const { config } = await loadConfig({ cwd, env: {}, flags: {} });
    expect(config).toMatchObject({
      root,
      file: join(root, "dazzle.toml"),
      app: { entry: "app.js" },
    });
    expect(locateProject(cwd)).toBe(root);
  });

  test("an entry on the command line is relative to where it was typed", async () => {
    const root = project({ "dazzle.toml": "", "src/x.js": "" });
    const cwd = join(root, "src");
    const { config } = await loadConfig({ cwd, env: {}, flags: { entry: "x.js" } });
    expect(config.app.entry).toBe(join("src", "x.js"));
  });

  test("without a dazzle.toml everything has a default, the name from package.json or the folder", async () => {
    const named = await load({ files: { "package.json": '{"name": "@acme/shop"}' } });
    expect(said(named, "project.name")).toBe('"acme-shop" from default (package.json)');
    expect(named.config.file).toBeNull();
    expect(said(await load({}), "project.name")).toBe('"tasks" from default (folder)');
    const broken = await load({ files: { "package.json": "{" } });
    expect(broken.config.project.name).toBe("tasks");
  });

  test.each([
    [{ "package.json": '{"main": "lib/run.js"}', "lib/run.js": "", "server.js": "" }, "lib/run.js"],
    [{ "package.json": '{"main": "gone.js"}', "app.mjs": "", "index.js": "" }, "app.mjs"],
    [{ "index.ts": "" }, "index.ts"],
    [{ "other.js": "" }, null],
  ])("the default entry of %o is %o", async (files: Record<string, string>, entry) => {
    expect((await load({ files })).config.app.entry).toBe(entry);
  });

  test("the default schema is schema.sql where it exists", async () => {
    expect((await load({ files: { "schema.sql": "" } })).config.database.schema).toEqual([
      "schema.sql",
    ]);
    expect((await load({})).config.database.schema).toEqual([]);
  });

  test("a --config that does not exist, or is a folder, is missing input", async () => {
    const gone = await failure({ flags: { config: "gone.toml" } });
    expect([gone.exitStatus, gone.message]).toEqual([
      66,
      expect.stringContaining("--config gone.toml does not exist"),
    ]);
    expect((await failure({ flags: { config: "." } })).message).toContain("is a folder");
  });

  test("a dazzle.toml that is a folder is passed over", async () => {
    const root = project({ "dazzle.toml": "[pool]\nmax = 7", "sub/dazzle.toml/x": "" });
    const { config } = await loadConfig({ cwd: join(root, "sub"), env: {}, flags: {} });
    expect(config.pool.max).toBe(7);
  });
});

describe(".env", () => {
  test("is read in development only", async () => {
    const files = { ".env": "WEB_CONCURRENCY=3" };
    expect((await load({ files })).config.app.workers).toBe(3);
    const staging = await load({ files, env: { DAZZLE_ENV: "staging" } });
    expect(staging.config.app.workers).toBe(2);
    expect(staging.dotenv).toEqual({});
  });

  test("hands what the environment does not have on to the workers", async () => {
    const files = { ".env": "\ufeffexport API_KEY='k e y'\r\nPORT=9\nHOME=/x\n" };
    const { dotenv, config } = await load({ files, env: { HOME: "/root" } });
    expect(dotenv).toEqual({ API_KEY: "k e y", PORT: "9" });
    expect(config.app.port).toBe(9);
  });

  test("cannot choose another environment, and says so instead of being ignored", async () => {
    const files = { ".env": "X=1\nDAZZLE_ENV=production" };
    const error = await failure({ files });
    expect([error.exitStatus, error.message]).toEqual([
      78,
      expect.stringContaining('DAZZLE_ENV="production" has no effect here'),
    ]);
    expect(error.message).toContain(".env:2");
    const chosen = await load({ files, env: { DAZZLE_ENV: "development" } });
    expect(chosen.config.env).toBe("development");
  });

  test("an error in it names its line; a folder of that name is passed over", async () => {
    const error = await failure({ files: { ".env": "# one\n\nexport PORT=high" } });
    expect(error.message).toContain("PORT must be a whole number");
    expect(error.message).toContain(".env:3");
    expect((await load({ files: { ".env/bin/x": "" } })).config.app.port).toBe(8000);
  });
});

describe("--local", () => {
  const toml =
    '[app]\nhost = "0.0.0.0"\n[database]\nurl = "postgresql://db/live"\ndirect_url = "postgresql://db/live"';

  test("is development on loopback with the embedded server, whatever dazzle.toml says", async () => {
    const { config } = await load({ toml, flags: { local: true }, env: { HOST: "0.0.0.0" } });
    expect(config).toMatchObject({
      env: "development",
      app: { host: "127.0.0.1" },
      database: { url: null, directUrl: null },
      features: { embeddedPostgres: true },
    });
  });

  test("uses DATABASE_URL when it is set", async () => {
    const env = { DATABASE_URL: "postgresql://db/mine" };
    const { config } = await load({ toml, flags: { local: true }, env });
    expect(config.database.url).toBe("postgresql://db/mine");
  });

  test.each([
    [{ env: { DAZZLE_ENV: "production" }, flags: { local: true } }, "DAZZLE_ENV=production"],
    [{ flags: { local: true, env: "staging" } }, "--env staging"],
  ])("cannot be combined with another environment", async (layers, named) => {
    const error = await failure(layers);
    expect(error.exitStatus).toBe(64);
    expect(error.message).toContain(
      `--local means development and cannot be combined with ${named}`,
    );
  });
});

describe("paths that the file system refuses", () => {
  test.each(["x".repeat(5_000), "app.js/x.toml", "loop"])(
    "--config %.20s is missing input",
    async (config) => {
      const root = project({ "app.js": "" });
      symlinkSync("loop", join(root, "loop"));
      const refused = loadConfig({ cwd: root, env: {}, flags: { config } });
      await expect(refused).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    },
  );

  test.each(["x".repeat(5_000), "app.js/x.js", "gone/app.js"])(
    "the entry %.20s is not found",
    async (entry) => {
      const { config } = await load({ files: { "app.js": "" }, flags: { entry } });
      expect(() => findEntry(config)).toThrow(SuperviseError);
    },
  );
});

describe("the entry", () => {
  test("is an absolute path; one letter wrong, the right one is offered", async () => {
    const { config } = await load({ files: { "server.js": "" } });
    expect(findEntry(config)).toBe(join(config.root, "server.js"));
    const mistyped = { ...config, app: { ...config.app, entry: "sever.js" } };
    expect(() => findEntry(mistyped)).toThrow("did you mean server.js?");
    const folder = { ...config, app: { ...config.app, entry: "." } };
    expect(() => findEntry(folder)).toThrow("the application's entry . is a folder");
    const none = { ...config, app: { ...config.app, entry: null } };
    expect(() => findEntry(none)).toThrow("no application to run");
  });
});
