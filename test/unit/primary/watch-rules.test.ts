import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { ignoreRules } from "../../../src/primary/watch/ignored.js";
import { watchSelfMade } from "../../../src/primary/watch/self-made.js";

describe("what is watched", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "watch-")));
    execFileSync("git", ["init", "-q", root]);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const put = (name: string, text = ""): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  async function rules(entry = "app.js"): Promise<(name: string) => boolean> {
    put(entry);
    const { config } = await loadConfig({ cwd: root, env: {}, flags: {} });
    const ignored = ignoreRules({ config, entry: join(root, entry) });
    return (name) => ignored(join(root, name));
  }

  it("is the application, the schema and the configuration", async () => {
    const ignored = await rules();
    for (const name of ["app.js", "lib/a.ts", "schema.sql", "dazzle.toml", "page.html", ".env"]) {
      expect([name, ignored(name)]).toEqual([name, false]);
    }
  });

  it("is read in a worktree too, where .git is a file", async () => {
    rmSync(join(root, ".git"), { recursive: true });
    put(".git", "gitdir: /elsewhere/.git/worktrees/one\n");
    put(".gitignore", "built\n");
    const ignored = await rules();
    expect([ignored("app.js"), ignored("built")]).toEqual([false, true]);
  });

  it("is not what programs write beside the source", async () => {
    const ignored = await rules();
    for (const name of [
      "node_modules",
      ".git",
      ".dazzle",
      "app.js~",
      ".app.js.swp",
      "debug.log",
      "backup-app-20261122-101500.tar.gz",
      "uploads",
    ]) {
      expect([name, ignored(name)]).toEqual([name, true]);
    }
  });

  it("agrees with git check-ignore, nested and negated rules included", async () => {
    put(".gitignore", "*.gen.js\n!keep.gen.js\n/build/\ncache\n.env\n");
    put("lib/.gitignore", "local.js\n!special.gen.js\n");
    put(".git/info/exclude", "notes.txt\n");
    const names = [
      "a.gen.js",
      "keep.gen.js",
      "build/x.js",
      "lib/build/x.js",
      "lib/local.js",
      "lib/special.gen.js",
      "lib/other.gen.js",
      "lib/cache/y.js",
      "notes.txt",
      "app.js",
    ];
    for (const name of names) put(name);
    const ignored = await rules();
    const git = (name: string): boolean => {
      try {
        execFileSync("git", ["-C", root, "check-ignore", "-q", name]);
        return true;
      } catch {
        return false;
      }
    };
    // A folder that is passed over is not looked into, as in git.
    const passed = (name: string): boolean =>
      ignored(name) || (dirname(name) !== "." && passed(dirname(name)));
    expect(names.map((name) => [name, passed(name)])).toEqual(
      names.map((name) => [name, git(name)]),
    );
    expect(ignored(".env")).toBe(false);
  });

  it("is the built application, though git ignores its folder", async () => {
    put(".gitignore", "dist/\n");
    const ignored = await rules("dist/server.js");
    expect(ignored("dist")).toBe(false);
    expect(ignored("dist/routes.js")).toBe(false);
  });
});

describe("a file that every reload changes", () => {
  it("is left out after the third time", () => {
    const selfMade = watchSelfMade();
    const verdicts = [1, 2, 3].map(() => {
      selfMade.begun(["generated.js"]);
      return selfMade.during("generated.js");
    });
    expect(verdicts).toEqual([false, false, true]);
    expect(selfMade.isLeftOut("generated.js")).toBe(true);
  });

  it("is no longer suspected once a reload has left it alone", () => {
    const selfMade = watchSelfMade();
    for (let at = 0; at < 10; at += 1) {
      selfMade.begun(["app.js"]);
      expect(selfMade.during("app.js")).toBe(false);
      selfMade.begun(["app.js"]);
    }
  });
});
