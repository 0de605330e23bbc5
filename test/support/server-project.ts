/** Project folders for tests. */
import { chmod, mkdir, mkdtemp, readFile, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TestProject {
  readonly root: string;
  remove(): Promise<void>;
}

/**
 * An empty folder that every user can pass through, as most project folders are.
 *
 * @param below further folders below the temporary one; the last is the project's.
 */
export async function createProject(...below: readonly string[]): Promise<TestProject> {
  const top = await realpath(await mkdtemp(join(tmpdir(), "supervise-project-")));
  await chmod(top, 0o755);
  let root = top;
  for (const name of below) {
    root = join(root, name);
    await mkdir(root);
    await chmod(root, 0o755);
  }
  return { root, remove: () => rm(top, { recursive: true, force: true }) };
}

/** The folder outside of the project that its development data was put into; removes it too. */
export async function removeStandIn(root: string): Promise<void> {
  const data = await readlink(join(root, ".dazzle", "postgres"));
  await rm(dirname(data), { recursive: true, force: true });
}

/** The process of the project's development server. */
export async function serverPid(root: string): Promise<number> {
  const file = await readFile(join(root, ".dazzle", "postgres", "postmaster.pid"), "utf8");
  return Number(file.split("\n")[0]);
}
