import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { productVersion } from "../../../src/config/version.js";
import { SuperviseError } from "../../../src/errors.js";
import { verifyPin } from "../../../src/pin/verify.js";
import { project } from "../../support/project.js";

const pinned = (pin: string, framework = "fw", rest = ""): string =>
  `[project]\nframework = "${framework}"\nframework_version = '${pin}'\n${rest}`;

async function verify(root: string): Promise<string> {
  try {
    const { config, settings } = await loadConfig({ cwd: root, env: {}, flags: {} });
    const verified = await verifyPin(config, settings);
    return `${verified.package} ${verified.installed ?? "none"} in ${verified.constraint ?? "any"}`;
  } catch (error) {
    if (error instanceof SuperviseError)
      return `${error.code} ${error.exitStatus} ${error.message}`;
    throw error;
  }
}

const manifest = (version: string, rest: object = {}): string =>
  JSON.stringify({ name: "fw", version, ...rest });

describe("the installed version", () => {
  test("is read from the package that the entry would load, nearest first", async () => {
    const root = project({
      "dazzle.toml": pinned("~0.38", "fw", "[app]\nentry = 'apps/web/app.js'"),
      "apps/web/app.js": "",
      "apps/web/node_modules/fw/package.json": manifest("0.38.4"),
      "node_modules/fw/package.json": manifest("0.37.0"),
    });
    expect(await verify(root)).toBe("fw 0.38.4 in ~0.38");
  });

  test("is found though the package's exports hide its package.json", async () => {
    const root = project({
      "dazzle.toml": pinned(">=0.38,<0.40"),
      "node_modules/fw/package.json": manifest("0.39.1", { exports: { ".": "./x.js" } }),
    });
    expect(await verify(root)).toBe("fw 0.39.1 in >=0.38.0 <0.40.0");
  });

  test("is found through the links of workspaces and from a linked entry", async () => {
    const root = project({
      "dazzle.toml": pinned("~1.2"),
      "server.js": "",
      "packages/fw/package.json": manifest("1.2.3"),
      "node_modules/x/y": "",
    });
    symlinkSync("../packages/fw", join(root, "node_modules/fw"));
    expect(await verify(root)).toBe("fw 1.2.3 in ~1.2");
  });

  test("of a scoped package is found; one of supervise itself is the program's own", async () => {
    const scoped = project({
      "dazzle.toml": pinned("^2", "@acme/fw"),
      "node_modules/@acme/fw/package.json": '{"name":"@acme/fw","version":"2.1.0"}',
    });
    expect(await verify(scoped)).toBe("@acme/fw 2.1.0 in ^2");
    const own = project({ "dazzle.toml": pinned(`=${productVersion()}`, "dazzle-supervise") });
    expect(await verify(own)).toContain(`dazzle-supervise ${productVersion()} in`);
  });

  test("of the application's own copy of supervise wins over the program's", async () => {
    const root = project({
      "dazzle.toml": pinned("~0.38", "dazzle-supervise"),
      "node_modules/dazzle-supervise/package.json": '{"version":"0.38.1"}',
    });
    expect(await verify(root)).toBe("dazzle-supervise 0.38.1 in ~0.38");
  });

  test("may be the project itself, when it has the name and exports", async () => {
    const root = project({
      "dazzle.toml": pinned("~3.0"),
      "package.json": manifest("3.0.1", { exports: "./x.js" }),
    });
    expect(await verify(root)).toBe("fw 3.0.1 in ~3.0");
  });

  test("without a pin anything goes", async () => {
    expect(await verify(project({ "dazzle.toml": "[project]\nframework = 'fw'" }))).toBe(
      "fw none in any",
    );
  });
});

describe("a mismatch names both versions and the command that fixes it", () => {
  test.each([
    ["package-lock.json", "npm install"],
    ["pnpm-lock.yaml", "pnpm add"],
    ["yarn.lock", "yarn add"],
    ["bun.lock", "bun add"],
    ["nothing", "npm install"],
  ])("with %s it is %s", async (lockfile, command) => {
    const root = project({
      "dazzle.toml": pinned("~0.38"),
      [lockfile]: "",
      "node_modules/fw/package.json": manifest("0.39.0"),
    });
    expect(await verify(root)).toBe(
      `PIN_MISMATCH 78 installed fw 0.39.0 does not satisfy project.framework_version = "~0.38" ` +
        `(dazzle.toml:3 [project]): run ${command} fw@"~0.38", or change the pin`,
    );
  });

  test("a Python spelling becomes npm's in the command", async () => {
    const root = project({ "dazzle.toml": pinned("~=0.38.0") });
    expect(await verify(root)).toContain('run npm install fw@">=0.38.0 <0.39.0"');
  });

  test("a missing package and one without version are mismatches too", async () => {
    expect(await verify(project({ "dazzle.toml": pinned("*") }))).toContain(
      "PIN_MISMATCH 78 fw, which is not installed, does not satisfy",
    );
    const broken = { "dazzle.toml": pinned("*"), "node_modules/fw/package.json": "{" };
    expect(await verify(project(broken))).toContain("whose package.json has no version");
  });

  test("a pre-release does not satisfy a range that names none", async () => {
    const root = project({
      "dazzle.toml": pinned("~0.38"),
      "node_modules/fw/package.json": manifest("0.38.1-rc.1"),
    });
    expect(await verify(root)).toContain("PIN_MISMATCH 78 installed fw 0.38.1-rc.1");
  });
});

test("a pin that is not understood names its place", async () => {
  expect(await verify(project({ "dazzle.toml": pinned("newest") }))).toContain(
    'PIN_INVALID 78 project.framework_version = "newest" is no npm version range (dazzle.toml:3 [project])',
  );
});
