import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspectConfig } from "../../../src/config/load.js";
import { detectProject } from "../../../src/init/detect.js";
import { initProject } from "../../../src/init/init.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "init-"));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}
const read = (name: string): string => readFileSync(join(root, name), "utf8");
const init = (force = false) => initProject(root, { force, schema: null });
const manifest = (fields: object): string => JSON.stringify({ name: "shop", ...fields });

async function problems(): Promise<readonly unknown[]> {
  return (await inspectConfig({ cwd: root, env: {}, flags: {} })).problems;
}

describe("supervise init in an empty folder", () => {
  it("writes a starter application whose configuration is valid", async () => {
    const result = init();
    expect(result.found).toBeNull();
    expect(readdirSync(root).sort()).toEqual(
      [
        ".env.example",
        ".gitignore",
        "Procfile",
        "app.js",
        "dazzle.toml",
        "package.json",
        "schema.sql",
      ].sort(),
    );
    expect(await problems()).toEqual([]);
    expect(result.next).toEqual(["npm install", "npx supervise"]);
  });

  it("names only settings that exist in its comments", async () => {
    init();
    const uncommented = read("dazzle.toml")
      .split("\n")
      .map((line) => line.replace(/^# (\w+ = |\[)/, "$1"))
      .filter((line) => !line.startsWith("[env.staging"))
      .join("\n")
      .replace(/schema = \["schema.sql"\].*\n/, (line) => line);
    writeFileSync(join(root, "dazzle.toml"), uncommented);
    expect(await problems()).toEqual([]);
  });

  it("writes an .mjs starter where .js files are CommonJS", () => {
    put({ "package.json": manifest({}) });
    expect(init().entry).toBe("app.mjs");
  });
});

describe("supervise init beside an application", () => {
  it.each([
    ["express", "Express"],
    ["fastify", "Fastify"],
    ["hono", "Hono"],
  ])("finds %s and the main file, and writes no starter", async (dependency, name) => {
    put({
      "package.json": manifest({ main: "src/main.js", dependencies: { [dependency]: "*" } }),
      "src/main.js": "",
    });
    expect(init()).toMatchObject({ framework: name, entry: "src/main.js" });
    expect(readdirSync(root)).not.toContain("schema.sql");
    expect(await problems()).toEqual([]);
  });

  it.each(["server.js", "app.js", "index.js"])("finds %s", (file) => {
    put({ [file]: "" });
    expect(init().entry).toBe(file);
  });

  it("believes the start script before the usual names", () => {
    put({
      "package.json": manifest({ scripts: { start: "node --enable-source-maps lib/www" } }),
      "lib/www.js": "",
      "index.js": "",
    });
    expect(init().entry).toBe("lib/www.js");
  });

  it("says when a server listens on a port of its own", () => {
    put({ "server.js": "http.createServer(app).listen(3000, () => {});" });
    expect(init().notes.join()).toContain("port 3000");
    put({ "server.js": "app.listen(process.env.PORT || 3000)" });
    expect(detectProject(root).entry?.fixedPort).toBeNull();
  });

  it("keeps every file that exists, and with force overwrites only its own", () => {
    put({ "dazzle.toml": "# mine\n", "server.js": "// mine\n", "package.json": manifest({}) });
    const { files, notes } = init();
    expect(files).toContainEqual({ path: "dazzle.toml", action: "kept" });
    expect(notes).toContain("dazzle.toml exists already; --force writes it anew");
    expect(read("dazzle.toml")).toBe("# mine\n");
    expect(init(true).files).toContainEqual({ path: "dazzle.toml", action: "overwritten" });
    expect(read("server.js")).toBe("// mine\n");
    expect(read("package.json")).toBe(manifest({}));
  });

  it("adds only the lines that .gitignore lacks, once", () => {
    put({ ".gitignore": "/node_modules\n*.tmp" });
    init();
    init();
    expect(read(".gitignore")).toBe("/node_modules\n*.tmp\n.env\n.dazzle/\nbackup-*.tar.gz\n");
  });
});

describe("supervise init beside another migration tool", () => {
  it.each([
    ["Prisma", { "prisma/schema.prisma": "" }, "prisma/migrations", "revisions"],
    ["Drizzle", { "drizzle.config.ts": "" }, "drizzle", "revisions"],
    [
      "node-pg-migrate",
      { "migrations/1700000000000_first.js": "exports.up = (pgm) => {};" },
      "migrations",
      "revisions",
    ],
    [
      "dbmate",
      { "db/migrations/20240101000000_first.sql": "-- migrate:up\n-- migrate:down\n" },
      "db/migrations",
      "db/migrations",
    ],
  ])("recognises %s and keeps out of its way", async (tool, files, folder, revisions) => {
    put({ "server.js": "", ...files });
    const result = init();
    expect(result.migrations).toEqual({ tool, folder });
    expect(result.notes.length).toBeGreaterThan(1);
    const { resolved } = await inspectConfig({ cwd: root, env: {}, flags: {} });
    expect(resolved?.config.database.revisions).toBe(revisions);
  });
});
